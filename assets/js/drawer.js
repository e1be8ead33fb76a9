/* A form without leaving the page: in a drawer, sent in the background, shown again with what is wrong. Closing a
   drawer with changes asks first. */
import { composing, one, text } from "./dom.js";
import { changed, values } from "./guard.js";
import { words } from "./server.js";
import { alive } from "./session.js";
import { toast } from "./toasts.js";

const fetched = (address, options = {}) => fetch(address, { credentials: "same-origin", ...options });

const frame = () => {
  const dialog = document.createElement("dialog");
  dialog.className = "drawer";
  dialog.setAttribute("aria-labelledby", "drawer-title");
  document.body.append(dialog);
  return dialog;
};

/** Statuses that come with the form once more. */
const AGAIN = [400, 409, 422, 428, 429];

/** Open the form at an address; return what the server answers it with, such as {id, label}, or null. */
export const open = (address) => new Promise((done) => {
  const back = document.activeElement;
  const dialog = frame();
  let before = new Map();
  let made = null;

  const show = (html) => {
    dialog.innerHTML = html;
    document.dispatchEvent(new CustomEvent("sw:added", { detail: dialog }));
    const form = one("form", dialog);
    before = form ? values(form) : new Map();
    (one(".errs", dialog) || one("form input:not([type=hidden]), form select, form textarea", dialog))?.focus();
  };
  const isDirty = () => {
    const form = one("form", dialog);
    return Boolean(form) && (form.dataset.guard === "dirty" || Boolean(one(".errs", form)) || changed(before, values(form)) > 0);
  };
  const close = () => {
    if (!made && isDirty() && !window.confirm(text("Discard your changes?"))) return;
    dialog.close();
  };
  const send = async (form) => {
    if (form.dataset.sent) return;
    form.dataset.sent = "1";
    one(".b-p", form)?.setAttribute("aria-busy", "true");
    try {
      const answer = await alive(() => fetched(form.action, { method: "POST", body: new FormData(form) }));
      const kind = answer.headers.get("Content-Type") || "";
      if (answer.ok && kind.includes("json")) {
        made = await answer.json();
        dialog.close();
      } else if (AGAIN.includes(answer.status) || (answer.ok && kind.includes("html"))) show(await answer.text());
      else throw new Error(String(answer.status));
    } catch (fault) {
      toast(words(Number(fault.message) || 0), { tone: "critical" });
    } finally {
      delete form.dataset.sent;
      one(".b-p", form)?.removeAttribute("aria-busy");
    }
  };

  dialog.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); send(event.target); });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-drawer-close]")) { event.stopPropagation(); close(); }
  });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  dialog.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const command = event.metaKey || event.ctrlKey;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    else if (command && event.key.toLowerCase() === "s") { event.preventDefault(); event.stopPropagation(); one("form", dialog)?.requestSubmit(); }
  });
  dialog.addEventListener("close", () => { dialog.remove(); back?.focus?.(); done(made); });

  alive(() => fetched(address)).then(async (answer) => {
    if (!answer.ok) throw new Error(String(answer.status));
    dialog.showModal();
    show(await answer.text());
  }).catch((fault) => { dialog.remove(); toast(words(Number(fault.message) || 0), { tone: "critical" }); done(null); });
});
