/* The list: selection, "all that match", bulk counts, rows by keyboard, the shadow of the frozen column.
   Everything is delegated, so a list swapped in by htmx works without being started again. */
import { all, one, say, text } from "./dom.js";

const rows = () => all(".dt tbody tr");
const boxes = () => all(".dt tbody input.ck");
let last = -1;

const update = () => {
  const list = one(".lc");
  if (!list) return;
  const every = boxes();
  const chosen = every.filter((box) => box.checked);
  every.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
  list.classList.toggle("has-sel", chosen.length > 0);
  list.classList.toggle("all-page", chosen.length > 0 && chosen.length === every.length);
  if (chosen.length < every.length) wholeQuery(false);
  all(".ck-all").forEach((box) => {
    box.checked = chosen.length > 0 && chosen.length === every.length;
    box.indeterminate = chosen.length > 0 && chosen.length < every.length;
  });
  all("[data-bulk]").forEach((button) => count(button, chosen));
  const words = text("{n} selected", { n: chosen.length });
  if (one("#nsel")) one("#nsel").textContent = words;
  if (chosen.length) say(words);
};

/** "Pack 1/3": how many of the chosen rows may take the action; rows list them in data-can. */
const count = (button, chosen) => {
  const action = button.dataset.bulk;
  const able = chosen.filter((box) => (box.closest("tr").dataset.can ?? action).split(" ").includes(action));
  const of = one(".of", button);
  if (of) of.textContent = able.length === chosen.length ? "" : `${able.length}/${chosen.length}`;
  button.setAttribute("aria-disabled", String(!able.length));
};

const wholeQuery = (on) => {
  const field = one("input[name=all_matching]");
  if (field) field.value = on ? "1" : "";
  const note = one(".allm [data-note]");
  if (note) note.textContent = on ? note.dataset.all : note.dataset.page;
  const button = one(".allm [data-all-match]");
  if (button) button.hidden = on;
  if (on && note) say(note.textContent);
};

export const clearSelection = () => {
  if (!one(".has-sel")) return;
  boxes().forEach((box) => { box.checked = false; });
  update();
  say(text("Selection cleared"));
};

const current = () => rows().indexOf(document.activeElement?.closest(".dt tbody tr"));

export const move = (step) => {
  const every = rows();
  if (!every.length) return;
  const at = current();
  const row = every[Math.max(0, Math.min(every.length - 1, at < 0 ? 0 : at + step))];
  one(".ol", row)?.focus();
  row.scrollIntoView({ block: "nearest" });
};

/** The row that has the focus: previewed beside the list, or opened to be edited. */
export const previewRow = () => import("./cells.js").then((part) => part.preview(rows()[current()]));
export const editRow = () => {
  const link = one(".ol", rows()[current()] || document.createElement("i"));
  if (link) location.assign(link.href.replace(/(\?|$)/, "/edit$1"));
};

export const toggleRow = () => {
  const box = boxes()[current()];
  if (!box) return;
  box.checked = !box.checked;
  update();
};

const clicked = (event) => {
  const box = event.target.closest("input.ck");
  if (box?.matches(".ck-all")) {
    boxes().forEach((each) => { each.checked = box.checked; });
    update();
    return;
  }
  const row = event.target.closest(".dt tbody tr");
  if (!row) return;
  const at = rows().indexOf(row);
  if (box) {
    if (event.shiftKey && last > -1) {
      const [from, to] = [last, at].sort((a, b) => a - b);
      boxes().slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = at;
    update();
    return;
  }
  if (event.target.closest("a, button, input, label, select, td[data-cell], .editing") || getSelection().toString()) return;
  const link = one(".ol", row);
  if (!link) return;
  if (event.metaKey || event.ctrlKey) open(link.href, "_blank", "noopener");
  else link.click();
};

/** Back from a record: its row has the focus. The browser itself moves focus when it goes to a fragment, so we wait. */
const returned = () => {
  if (location.hash.startsWith("#row-")) one(".ol", document.getElementById(location.hash.slice(1)) || document)?.focus();
};

export const start = () => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (button?.matches("[data-bulk][aria-disabled=true]")) { event.preventDefault(); return; }
    if (button?.matches("[data-clear-selection]")) { clearSelection(); return; }
    if (button?.matches("[data-all-match]")) { wholeQuery(true); return; }
    clicked(event);
  });
  document.addEventListener("scroll", (event) => {
    const box = event.target;
    if (box.classList?.contains("tw")) box.classList.toggle("sx", box.scrollLeft > 2);
  }, { passive: true, capture: true });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-submit]")) event.target.form?.requestSubmit();
  });
  document.addEventListener("htmx:afterSwap", () => { last = -1; update(); });
  if (document.readyState === "complete") returned();
  else addEventListener("load", () => setTimeout(returned));
  update();
};
