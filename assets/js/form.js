/* Every form that is sent: one submit a click, a question where one is due, focus on what went wrong. */
import { all, one } from "./dom.js";

/** A double click makes one record: the second submit of a form that is under way is dropped. */
const once = (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
};

const ask = (event) => {
  const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (question && !event.target.dataset.sent && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
};

export const start = () => {
  document.addEventListener("submit", ask, true);
  document.addEventListener("submit", once);
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }));
  one(".errs")?.focus();
};
