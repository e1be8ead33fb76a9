/* The rows of a children grid: added, removed (and brought back), moved.
   New rows come from <template data-grid-row>, whose names hold __n__. A removed row is not taken off the page but marked
   through its `_delete` field, so that it can come back and the server decides. */
import { all, one, say, text } from "./dom.js";
import { toast } from "./toasts.js";

export const FIELDS = "input:not([type=hidden]):not([type=color]), select, textarea";
export const live = (grid) => all("tbody > tr[data-row]", grid).filter((row) => !row.classList.contains("gone"));

/** One field a column: a picker's own input belongs to its select. */
export const cells = (row) => all("td", row).map((cell) => one(`${FIELDS}`, cell)).filter((field) => field && !field.closest(".tools"));

/** Put the cursor into a cell, with its text selected as in a spreadsheet. */
export const enter = (field) => {
  if (!field) return;
  if (field.tomselect) field.tomselect.focus();
  else field.focus();
  if (field.matches("input:not([type=checkbox]):not([type=date]):not([type=file])")) field.select?.();
};

export const changed = (grid) => {
  live(grid).forEach((row, at) => {
    const number = one(".rowno", row);
    if (number) number.textContent = at + 1;
    const place = one("[data-position]", row);
    if (place) place.value = at;
  });
  one("[data-grid-none]", grid)?.toggleAttribute("hidden", live(grid).length > 0);
  grid.closest("form")?.dispatchEvent(new Event("sw:changed"));
};

export const add = (grid) => {
  const next = Number(grid.dataset.next || live(grid).length);
  grid.dataset.next = next + 1;
  const holder = document.createElement("tbody");
  holder.innerHTML = one("template[data-grid-row]", grid).innerHTML.replaceAll("__n__", String(next));
  const row = holder.firstElementChild;
  one("tbody", grid).append(row);
  document.dispatchEvent(new CustomEvent("sw:added", { detail: row }));
  return row;
};

/** Take a row away; it stays in the page, out of sight, until the form is sent, so it can come back. */
export const remove = (grid, row) => {
  const rest = live(grid);
  const at = rest.indexOf(row);
  const mark = one("[data-delete]", row);
  const back = () => {
    row.classList.remove("gone");
    mark.value = "";
    changed(grid);
    enter(cells(row)[0]);
  };
  mark.value = "1";
  row.classList.add("gone");
  changed(grid);
  const next = rest[at + 1] || rest[at - 1];
  if (next) enter(cells(next)[0]);
  else one("[data-grid-add]", grid)?.focus();
  say(text("Row removed"));
  toast(text("Row removed"), { action: { label: text("Undo"), run: back } });
};

export const shift = (grid, row, step) => {
  const every = live(grid);
  const other = every[every.indexOf(row) + step];
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  changed(grid);
};
