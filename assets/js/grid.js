/* The children grid: its buttons, and what else listens; see grid_rows.js, grid_keys.js and grid_paste.js. */
import { all } from "./dom.js";
import { walk } from "./grid_keys.js";
import { paste } from "./grid_paste.js";
import { add, cells, changed, enter, remove, shift } from "./grid_rows.js";

const connect = (grid) => {
  if (grid.dataset.ready || grid.closest("template")) return;
  grid.dataset.ready = "1";
  all("tr[data-blank]", grid).forEach((row) => row.remove());
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("tr[data-row]");
    if (button?.matches("[data-grid-add]")) { enter(cells(add(grid))[0]); changed(grid); }
    else if (row && button.matches("[data-grid-remove]")) remove(grid, row);
    else if (row && button.matches("[data-grid-up], [data-grid-down]")) {
      shift(grid, row, button.matches("[data-grid-up]") ? -1 : 1);
      button.focus();
    }
  });
  grid.addEventListener("paste", (event) => paste(grid, event));
  grid.addEventListener("keydown", (event) => walk(grid, event), true);
  changed(grid);
};

export const start = (root = document) => all("[data-grid]", root).forEach(connect);
