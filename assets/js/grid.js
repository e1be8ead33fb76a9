/* The children grid: add, remove and move rows; Enter and arrows move; a pasted table adds rows.
   New rows come from <template data-grid-row>, whose names hold __n__. Saved rows are not removed from the
   page but marked through their `_delete` field, so that the server decides. */
import { all, one, say, text } from "./dom.js";

const FIELDS = "input:not([type=hidden]), select, textarea";
const body = (grid) => one("tbody", grid);
const live = (grid) => all("tbody > tr[data-row]", grid).filter((row) => !row.classList.contains("gone"));

const changed = (grid) => {
  live(grid).forEach((row, at) => {
    const number = one(".rowno", row);
    if (number) number.textContent = at + 1;
    const place = one("[data-position]", row);
    if (place) place.value = at;
  });
  one("[data-grid-none]", grid)?.toggleAttribute("hidden", live(grid).length > 0);
  grid.closest("form")?.dispatchEvent(new Event("sw:changed"));
};

const add = (grid) => {
  const next = Number(grid.dataset.next || live(grid).length);
  grid.dataset.next = next + 1;
  const holder = document.createElement("tbody");
  holder.innerHTML = one("template[data-grid-row]", grid).innerHTML.replaceAll("__n__", String(next));
  const row = holder.firstElementChild;
  row.dataset.new = "1";
  body(grid).append(row);
  document.dispatchEvent(new CustomEvent("sw:added", { detail: row }));
  return row;
};

const remove = (grid, row) => {
  const rest = live(grid).filter((each) => each !== row);
  const mark = one("[data-delete]", row);
  if (mark && !row.dataset.new) {
    mark.value = "1";
    row.classList.add("gone");
  } else row.remove();
  (one(FIELDS, rest.at(-1) || document.createElement("tr")) || one("[data-grid-add]", grid))?.focus();
  say(text("Row removed"));
};

const shift = (grid, row, step) => {
  const every = live(grid);
  const other = every[every.indexOf(row) + step];
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  one(step < 0 ? "[data-grid-up]" : "[data-grid-down]", row)?.focus();
};

const cells = (row) => all(FIELDS, row).filter((field) => !field.closest(".ts-wrapper"));

const paste = (grid, event) => {
  const lines = (event.clipboardData?.getData("text/plain") || "").replace(/\r/g, "").replace(/\n$/, "").split("\n");
  const field = event.target.closest(FIELDS);
  if (!field || (lines.length < 2 && !lines[0].includes("\t"))) return;
  event.preventDefault();
  const first = cells(field.closest("tr")).indexOf(field);
  let at = live(grid).indexOf(field.closest("tr"));
  for (const line of lines) {
    const row = live(grid)[at] || add(grid);
    const targets = cells(row);
    line.split("\t").forEach((value, offset) => {
      if (targets[first + offset]) targets[first + offset].value = value.trim();
    });
    at += 1;
  }
  changed(grid);
};

const walk = (grid, event) => {
  const field = event.target.closest(FIELDS);
  if (!field || event.isComposing || event.keyCode === 229 || field.closest(".ts-wrapper")) return;
  const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || field.tagName === "TEXTAREA") return;
  if (field.tagName === "SELECT" && event.key !== "Enter") return;
  event.preventDefault();
  const row = field.closest("tr");
  const at = cells(row).indexOf(field);
  const every = live(grid);
  const target = every[every.indexOf(row) + step] || (event.key === "Enter" ? add(grid) : null);
  if (target) cells(target)[at]?.focus();
  changed(grid);
};

const connect = (grid) => {
  all("tr[data-blank]", grid).forEach((row) => row.remove());
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("tr[data-row]");
    if (button?.matches("[data-grid-add]")) one(FIELDS, add(grid))?.focus();
    else if (row && button.matches("[data-grid-remove]")) remove(grid, row);
    else if (row && button.matches("[data-grid-up]")) shift(grid, row, -1);
    else if (row && button.matches("[data-grid-down]")) shift(grid, row, 1);
    else return;
    changed(grid);
  });
  grid.addEventListener("paste", (event) => paste(grid, event));
  grid.addEventListener("keydown", (event) => walk(grid, event));
  changed(grid);
};

export const start = () => all("[data-grid]").forEach(connect);
