/* Shortcuts. Single keys can be switched off (WCAG 2.1.4) and never fire while someone types or composes. */
import { all, composing, one, typing } from "./dom.js";
import { openDialog } from "./shell.js";
import { clearSelection, editRow, move, previewRow, toggleRow } from "./list.js";

const SINGLE = {
  "/": () => { const field = one("#main .fs input"); if (field) field.focus(); else openDialog("search"); },
  "?": () => openDialog("help"),
  j: () => move(1),
  k: () => move(-1),
  x: () => toggleRow(),
  c: () => one("[data-create]")?.click(),
  e: () => (one("#list") ? editRow() : one("[data-edit]")?.click()),
  f: () => one(".chip-add")?.click(),
  p: () => one("#list") && previewRow(),
  "[": () => one("[rel=prev]:not([aria-disabled=true])")?.click(),
  "]": () => one("[rel=next]:not([aria-disabled=true])")?.click(),
  Escape: () => clearSelection(),
};

/* g, then a letter: the menu's links carry theirs in data-go. */
const LATER = 1500;
let waiting = 0;

const go = (event) => {
  const asked = Date.now() - waiting < LATER;
  waiting = 0;
  if (!asked) return false;
  const link = all("[data-go]").find((each) => each.dataset.go === event.key.toLowerCase());
  if (!link) return false;
  event.preventDefault();
  if (link.dataset.bsToggle) location.assign(link.href); else link.click();
  return true;
};

const withCommand = (event) => {
  const key = event.key.toLowerCase();
  if (key === "k") {
    event.preventDefault();
    openDialog("search");
  } else if (key === "s" && one("form[data-guard]")) {
    event.preventDefault();
    one("form[data-guard]").requestSubmit();
  }
};

export const start = () => document.addEventListener("keydown", (event) => {
  if (composing(event)) return;
  if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey) { withCommand(event); return; }
  if (event.metaKey || event.ctrlKey || event.altKey || typing(event)) return;
  if (document.documentElement.dataset.keys === "off") return;
  if (one("dialog[open], .dropdown-menu.show, .offcanvas.show")) return;
  if (go(event)) return;
  if (event.key === "g") { waiting = Date.now(); event.preventDefault(); return; }
  const run = Object.hasOwn(SINGLE, event.key) ? SINGLE[event.key] : null;
  if (!run) return;
  if (event.key !== "Escape") event.preventDefault();
  run();
});
