/* The keyboard of the children grid, as in a spreadsheet: Enter goes down and adds a row behind the last, arrows move
   between cells (sideways at the end of the text), Alt+arrows move the row, Ctrl+Backspace removes it. Tab is the browser's. */
import { composing } from "./dom.js";
import { add, cells, changed, enter, FIELDS, remove, shift, live } from "./grid_rows.js";

const fieldOf = (target) => {
  const wrapper = target.closest(".ts-wrapper");
  return wrapper ? wrapper.parentElement.querySelector("select, input[data-tags]") : target.closest(FIELDS);
};

const atEdge = (field, step) => {
  if (field.selectionStart === null || field.selectionStart === undefined) return false;
  if (field.selectionStart === 0 && field.selectionEnd === field.value.length) return true;
  return field.selectionStart === field.selectionEnd && field.selectionStart === (step < 0 ? 0 : field.value.length);
};

const keepsItsKeys = (field, event) => {
  if (field.tomselect) return field.tomselect.isOpen;
  if (field.tagName === "TEXTAREA") return true;
  if (field.tagName === "SELECT" || field.type === "date" || field.type === "time") return event.key !== "Enter";
  return false;
};

const rowKey = (grid, event, row) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.altKey && step) {
    const at = event.target;
    shift(grid, row, step);
    at.focus();
    return true;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Backspace" && !event.target.value) {
    remove(grid, row);
    return true;
  }
  return false;
};

const down = (grid, row, at, step, mayAdd) => {
  const every = live(grid);
  const target = every[every.indexOf(row) + step] || (mayAdd ? add(grid) : null);
  if (!target) return false;
  changed(grid);
  enter(cells(target)[at]);
  return true;
};

const side = (row, at, field, step) => {
  const target = cells(row)[at + step];
  if (!target || field.tomselect || !atEdge(field, step)) return false;
  enter(target);
  return true;
};

export const walk = (grid, event) => {
  if (composing(event)) return;
  const field = fieldOf(event.target);
  const row = field?.closest("tr[data-row]");
  if (!row) return;
  let done = rowKey(grid, event, row);
  if (!done && !event.altKey && !event.ctrlKey && !event.metaKey && !keepsItsKeys(field, event)) {
    const at = cells(row).indexOf(field);
    if (event.key === "Enter") done = down(grid, row, at, event.shiftKey ? -1 : 1, !event.shiftKey) || true;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") done = down(grid, row, at, event.key === "ArrowDown" ? 1 : -1, false);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") done = side(row, at, field, event.key === "ArrowRight" ? 1 : -1);
  }
  if (!done) return;
  event.preventDefault();
  event.stopPropagation();
};
