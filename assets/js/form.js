/* Forms: the save bar and leave guard of `form[data-guard]`, one submit a click, focus on the errors. */
import { all, one, say, text } from "./dom.js";

const values = (form) => {
  const found = new Map();
  for (const [name, value] of new FormData(form)) {
    const words = value instanceof File ? value.name : value;
    found.set(name, [...(found.get(name) || []), words]);
  }
  return new Map([...found].map(([name, list]) => [name, list.join("\u0000")]));
};

const changed = (before, now) => {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.get(name) !== now.get(name)).length;
};

const guard = (form) => {
  if (!form.id) form.id = "guarded";
  let before = values(form);
  let leaving = false;
  const bar = one(".sv");
  const save = bar && one("[data-save]", bar);
  save?.setAttribute("form", form.id);
  const look = () => {
    const number = changed(before, values(form));
    const was = document.body.classList.contains("dirty");
    document.body.classList.toggle("dirty", number > 0);
    const words = text(number === 1 ? "1 field changed" : "{n} fields changed", { n: number });
    if (bar) one(".n", bar).textContent = words;
    if (!was && number) say(`${text("Unsaved changes")}. ${words}`);
  };
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  form.addEventListener("sw:changed", look);
  form.addEventListener("submit", () => { leaving = true; });
  form.addEventListener("htmx:afterRequest", (event) => {
    leaving = false;
    if (event.detail.successful) { before = values(form); look(); }
  });
  bar && one("[data-discard]", bar)?.addEventListener("click", () => { leaving = true;
    if (form.dataset.guard === "dirty") location.assign(form.action);
    else location.reload();
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && document.body.classList.contains("dirty")) event.preventDefault();
  });
  addEventListener("pageshow", () => { leaving = false; });
  if (form.dataset.guard === "dirty") { before = new Map(); look(); }
};

/** A double click makes one record: the second submit of a form that is under way is dropped. */
const once = (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
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
  all("form[data-guard]").slice(0, 1).forEach(guard);
  document.addEventListener("submit", ask, true);
  document.addEventListener("submit", once);
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }));
  one(".errs")?.focus();
};
