/* A table pasted from a spreadsheet fills rows from the cell with the cursor, or by its headings if its first line holds
   them. References are found by the title or key people see; what is not found is said, and its cell stays empty. */
import { all, say, text } from "./dom.js";
import { toast } from "./toasts.js";
import { add, cells, changed, FIELDS, live } from "./grid_rows.js";

const MOST = 500;
const YES = new Set(["1", "true", "yes", "x", "✓", "是", "真"]);

/** Tabs and lines; a cell in quotes may hold both. */
export const table = (given) => {
  const rows = [[]];
  let cell = "";
  let quoted = false;
  const words = given.replace(/\r\n?/g, "\n");
  for (let at = 0; at < words.length; at += 1) {
    const sign = words[at];
    if (quoted && sign === '"' && words[at + 1] === '"') { cell += '"'; at += 1; }
    else if (sign === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (!quoted && (sign === "\t" || sign === "\n")) {
      rows.at(-1).push(cell.trim());
      cell = "";
      if (sign === "\n") rows.push([]);
    } else cell += sign;
  }
  rows.at(-1).push(cell.trim());
  return rows.filter((row) => row.some(Boolean));
};

const plain = (words) => words.trim().replace(/\s*\*.*$/s, "").toLocaleLowerCase();

/** The column of each pasted cell: by headings if two of them (or the only one) are ours, else from the cursor on. */
const columns = (grid, first, from) => {
  const ours = all("thead th[scope=col]", grid).map((head) => plain(head.firstChild?.textContent || ""));
  const found = first.map((words) => ours.indexOf(plain(words)));
  const known = found.filter((at) => at >= 0).length;
  if (known >= Math.min(2, first.length) && known > 0) return { headed: true, places: found };
  return { headed: false, places: first.map((_, offset) => from + offset) };
};

const number = (words) => {
  const bare = words.replace(/[\s\u00a0\u202f'’]/g, "").replace(/^[^\d+\-.,]+|[^\d.,]+$/g, "");
  if (!/^[+-]?[\d.,]+$/.test(bare)) return words;
  const comma = bare.lastIndexOf(",");
  const dot = bare.lastIndexOf(".");
  if (comma >= 0 && dot >= 0) return comma > dot ? bare.replaceAll(".", "").replace(",", ".") : bare.replaceAll(",", "");
  if (comma >= 0 && /^[+-]?\d{1,3}(,\d{3})+$/.test(bare)) return bare.replaceAll(",", "");
  return comma >= 0 ? bare.replace(",", ".") : bare;
};

const day = (words) => {
  const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(words);
  return found ? `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}` : words;
};

const put = async (field, words, lookUp) => {
  if (field.matches("select[data-picker-url]")) return lookUp(field, words);
  if (field.type === "checkbox") field.checked = YES.has(words.toLocaleLowerCase());
  else if (field.tagName === "SELECT") {
    const option = [...field.options].find((each) => each.value === words || plain(each.textContent) === plain(words));
    if (!option) return !words;
    field.value = option.value;
  } else if (field.tomselect) field.tomselect.setValue(words.split(/[,，]/).map((each) => each.trim()).filter(Boolean));
  else if (field.type === "date") field.value = day(words);
  else if (field.type !== "file") field.value = field.classList.contains("num") ? number(words) : words;
  return true;
};

/* One question for each different text of a column, however often it stands in the table. */
const finder = (search) => {
  const asked = new Map();
  return async (field, words) => {
    if (!words) return true;
    const key = `${field.dataset.pickerUrl} ${words}`;
    if (!asked.has(key)) asked.set(key, search(field, { q: words }).catch(() => []));
    const items = await asked.get(key);
    const exact = items.filter((item) => [item.label, item.note, item.id].some((each) => each && plain(each) === plain(words)));
    const chosen = exact.length ? exact : items;
    if (chosen.length !== 1) return false;
    field.tomselect?.addOption(chosen[0]);
    field.tomselect?.addItem(chosen[0].id, true);
    return true;
  };
};

const ready = async (row) => {
  for (let wait = 0; wait < 50 && all("select[data-picker-url]", row).some((field) => !field.tomselect); wait += 1) {
    await new Promise((done) => { setTimeout(done, 20); });
  }
};

const isEmpty = (row) => cells(row).every((field) => field.type === "checkbox" || !field.value || field.value === field.defaultValue);

const fill = async (grid, rows, places, start) => {
  const { search } = await import("./picker.js");
  const lookUp = finder(search);
  const missing = new Set();
  let at = start;
  for (const words of rows.slice(0, MOST)) {
    const row = live(grid)[at] || add(grid);
    await ready(row);
    const targets = cells(row);
    for (const [offset, value] of words.entries()) {
      const field = targets[places[offset]];
      if (field && !(await put(field, value, lookUp))) missing.add(value);
    }
    at += 1;
  }
  changed(grid);
  const count = Math.min(rows.length, MOST);
  say(text("{n} rows pasted", { n: count }));
  if (missing.size) toast(text("Not found: {names}", { names: [...missing].slice(0, 10).join(", ") }), { tone: "critical" });
  else toast(text("{n} rows pasted", { n: count }));
};

export const paste = (grid, event) => {
  const given = event.clipboardData?.getData("text/plain") || "";
  const field = event.target.closest(".ts-wrapper")?.parentElement.querySelector("select") || event.target.closest(FIELDS);
  const row = field?.closest("tr[data-row]");
  if (!row || field.tagName === "TEXTAREA" || !/[\t\n]/.test(given.replace(/\n+$/, ""))) return;
  event.preventDefault();
  event.stopPropagation();
  const rows = table(given);
  const { headed, places } = columns(grid, rows[0], cells(row).indexOf(field));
  const every = live(grid);
  const start = headed && !isEmpty(row) ? every.length : every.indexOf(row);
  fill(grid, headed ? rows.slice(1) : rows, places, start);
};

