/* Unsaved changes: the save bar with the number of changed fields, and the question before anything is lost.
   Leaving by a link, signing out and reloading are asked by the browser itself; Esc asks here. */
import { all, composing, one, say, text } from "./dom.js";

const OWN = /^(csrf_token|_key|_was|_version|_refresh|_drawer|list)$|-_position$/;

/** What a form holds, name → text, without what the page itself keeps in it. */
export const values = (form) => {
  const found = new Map();
  for (const [name, value] of new FormData(form)) {
    if (OWN.test(name)) continue;
    const words = value instanceof File ? value.name : value;
    if (words !== "") found.set(name, [...(found.get(name) || []), words]);
  }
  return new Map([...found].map(([name, list]) => [name, list.join("\u0000")]));
};

/** How many fields differ. */
export const changed = (before, now) => {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.get(name) !== now.get(name)).length;
};

const busyElsewhere = () => Boolean(one("dialog[open], .dropdown-menu.show, .offcanvas.show, .ts-wrapper.dropdown-active, .nav-open"));

/** Watch the page's form. */
export const guard = (form) => {
  let before = values(form);
  let leaving = false;
  let touched = Boolean(document.documentElement.dataset.dressed);
  const bar = one(".sv");
  const save = bar && one("[data-save]", bar);
  save?.setAttribute("form", form.id);
  const dirty = () => document.body.classList.contains("dirty");
  const look = (event) => {
    touched = touched || Boolean(event?.isTrusted);
    if (!touched) return;
    const number = changed(before, values(form));
    const was = dirty();
    document.body.classList.toggle("dirty", number > 0);
    const words = text(number === 1 ? "1 field changed" : "{n} fields changed", { n: number });
    if (bar) one(".n", bar).textContent = words;
    if (!was && number) say(`${text("Unsaved changes")}. ${words}`);
  };
  const settle = () => {
    if (!touched && form.dataset.guard !== "dirty") before = values(form);
    touched = true;
  };
  ["input", "change", "sw:changed"].forEach((name) => form.addEventListener(name, look));
  document.addEventListener("sw:dressed", settle);
  form.addEventListener("submit", () => { leaving = true; });
  form.addEventListener("htmx:afterRequest", (event) => {
    leaving = false;
    if (event.detail.successful) { before = values(form); look(); }
  });
  const leave = (address) => { leaving = true; location.assign(address); };
  bar && one("[data-discard]", bar)?.addEventListener("click", () => {
    if (form.dataset.guard === "dirty") { leave(form.action); return; }
    leaving = true;
    location.reload();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || composing(event) || busyElsewhere() || !form.dataset.back) return;
    if (!dirty() || window.confirm(text("Discard your changes?"))) leave(form.dataset.back);
  });
  addEventListener("beforeunload", (event) => { if (!leaving && dirty()) event.preventDefault(); });
  addEventListener("pageshow", () => { leaving = false; });
  if (form.dataset.guard === "dirty") { before = new Map(); touched = true; look(); }
};

export const start = () => all("form[data-guard]").slice(0, 1).forEach((form) => {
  if (!form.id) form.id = "guarded";
  guard(form);
});
