/* Cells edited in their place, and the preview beside the list. One pencil and one eye serve every row:
   they move to where the pointer or the focus is, so fifty rows cost no hundred buttons. */
import { all, composing, one, say, text } from "./dom.js";
import { alive } from "./session.js";
import { toast } from "./toasts.js";

const ICON = (name) => {
  const sprite = one("svg.ic use")?.getAttribute("href").split("#")[0];
  return `<svg class="ic" aria-hidden="true"><use href="${sprite}#i-${name}"></use></svg>`;
};

const tool = (cls, icon, label) => {
  const found = document.createElement("button");
  found.type = "button";
  found.className = `b b-g b-s b-i ${cls}`;
  found.setAttribute("aria-label", label);
  found.innerHTML = ICON(icon);
  return found;
};

const pencil = tool("pe", "pencil", text("Edit this cell"));
const eye = tool("ey", "eye", text("Preview"));
const list = () => one("#list");
const entity = () => list().getAttribute("action").split("/")[1];
const query = () => one("input[name=query]", list())?.value || "";
const id = (row) => row.id.slice(4);
const cellAddress = (cell) => `/${entity()}/${id(cell.closest("tr"))}/cell/${cell.dataset.cell}`;

const stop = (cell) => {
  if (!cell.old) return;
  cell.classList.remove("editing");
  cell.replaceChildren(...cell.old);
  delete cell.old;
  cell.focus();
};

const show = (cell, html) => {
  cell.old ??= [...cell.childNodes];
  cell.classList.add("editing");
  /* the list is a form of its own, in which innerHTML would drop this one */
  const holder = document.createElement("template");
  holder.innerHTML = html;
  cell.replaceChildren(holder.content);
  const field = one("select, textarea, input:not([type=hidden])", cell);
  field?.focus();
  if (field?.select && field.type !== "checkbox") field.select();
};

const edit = async (cell) => {
  if (cell.classList.contains("editing")) return;
  all(".editing").forEach(stop);
  pencil.remove();
  const answer = await alive(() => fetch(`${cellAddress(cell)}?query=${encodeURIComponent(query())}`, { credentials: "same-origin" }));
  if (!answer.ok) { toast(text("This cell cannot be edited."), { tone: "critical" }); return; }
  show(cell, await answer.text());
};

const put = (old, html) => {
  const checked = one("input.ck", old)?.checked;
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const row = holder.content.querySelector("tr");
  old.replaceWith(row);
  if (checked) { one("input.ck", row).checked = true; row.classList.add("sel"); }
  return row;
};

const save = async (form) => {
  const cell = form.closest("td");
  const row = cell.closest("tr");
  const name = cell.dataset.cell;
  form.setAttribute("aria-busy", "true");
  const send = () => fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
  const answer = await alive(send).catch(() => null);
  form.removeAttribute("aria-busy");
  if (!answer) { toast(text("The server cannot be reached."), { tone: "critical" }); return; }
  const html = await answer.text();
  if (answer.ok && answer.headers.get("X-Row")) {
    const fresh = put(row, html);
    one(`[data-cell="${name}"]`, fresh)?.focus();
    say(text("Saved"));
  } else if (answer.status === 409 || answer.status === 422) show(cell, html);
  else toast(text("Something went wrong on the server."), { tone: "critical" });
};

const take = async (cell) => {
  const row = cell.closest("tr");
  const answer = await fetch(`/${entity()}/${id(row)}/row?query=${encodeURIComponent(query())}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const fresh = put(row, await answer.text());
  one(`[data-cell="${cell.dataset.cell}"]`, fresh)?.focus();
};

/** Left and right walk the cells of a row that can be edited; from the record's link one gets in. */
const walk = (event) => {
  const row = event.target.closest(".dt tbody tr");
  const stops = [one(".ol", row), ...all("td[data-cell]", row)].filter(Boolean);
  const at = stops.indexOf(event.target.matches(".ol") ? event.target : event.target.closest("td[data-cell]"));
  if (at < 0) return;
  const next = stops[at + (event.key === "ArrowRight" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
};

export const preview = async (row) => {
  if (!row) return;
  const panel = one("#preview");
  const answer = await fetch(`/${entity()}/${id(row)}/preview?list=${encodeURIComponent(query())}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  panel.innerHTML = await answer.text();
  window.bootstrap.Offcanvas.getOrCreateInstance(panel).show();
  panel.addEventListener("hidden.bs.offcanvas", () => one(".ol", row)?.focus(), { once: true });
};

const near = (target) => {
  const row = target.closest?.(".dt:not(.gt) tbody tr");
  if (!row || one(".editing", row)) return;
  const first = one(".c1", row);
  if (first && eye.parentNode !== first) first.append(eye);
  const cell = target.closest("td[data-cell]");
  if (cell && pencil.parentNode !== cell) cell.append(pencil);
};

export const start = () => {
  const body = list();
  if (!body) return;
  document.addEventListener("pointerover", (event) => near(event.target));
  document.addEventListener("focusin", (event) => near(event.target));
  document.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("td[data-cell]");
    if (cell) edit(cell);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest(".pe")) edit(event.target.closest("td"));
    else if (event.target.closest(".ey")) preview(event.target.closest("tr"));
    else if (event.target.closest("[data-cancel]")) stop(event.target.closest("td"));
    else if (event.target.closest("[data-theirs]")) take(event.target.closest("td"));
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.ce")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    save(event.target);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const cell = event.target.closest?.("td[data-cell]");
    const editing = cell?.classList.contains("editing");
    if (editing && event.key === "Escape") { event.preventDefault(); event.stopPropagation(); stop(cell); }
    else if (editing && event.key === "Enter" && event.target.matches("select")) { event.preventDefault(); save(event.target.form); }
    else if (!editing && cell === event.target && (event.key === "Enter" || event.key === "F2")) { event.preventDefault(); edit(cell); }
    else if (!editing && /^Arrow(Left|Right)$/.test(event.key) && event.target.closest(".dt tbody tr")) walk(event);
  }, true);
};
