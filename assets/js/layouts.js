/* Board: a card moves to another column by dragging or by Alt and an arrow, which is an ordinary save; on a board of
   states it is the step that leads there (moves.js).
   Tree: what lies below a record is shown in its place instead of on a page of its own. */
import { all, one, say, text } from "./dom.js";
import { toast } from "./toasts.js";

const save = async (board, card, column) => {
  const from = card.closest(".lo-col");
  const entity = one("#list").getAttribute("action").split("/")[1];
  const field = board.dataset.board;
  const before = card.nextElementSibling;
  one("ul", column).prepend(card);
  card.classList.add("busy");
  const answer = await fetch(`/${entity}/${card.id.slice(4)}/cell/${field}`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": one("input[name=csrf_token]").value },
    body: new URLSearchParams({ [field]: column.dataset.value, _version: card.dataset.version }),
  }).catch(() => null);
  card.classList.remove("busy");
  const page = new DOMParser().parseFromString(answer ? await answer.text() : "", "text/html");
  if (answer?.ok) {
    const row = /data-version="(\d+)"/.exec(page.body.innerHTML) || [];
    card.dataset.version = row[1] || String(Number(card.dataset.version) + 1);
    say(`${text("Saved")}: ${column.getAttribute("aria-label")}`);
  } else {
    one("ul", from).insertBefore(card, before);
    const why = page.querySelector(".err")?.textContent;
    toast(why || text("Someone else changed this record meanwhile."), { tone: "critical" });
  }
};

const board = (root) => {
  const steps = "steps" in root.dataset ? import("./moves.js").then((part) => part.start(root)) : null;
  const put = steps ? async (...given) => (await steps)(...given) : save;
  let held = null;
  root.addEventListener("dragstart", (event) => {
    held = event.target.closest("li[draggable]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  root.addEventListener("dragover", (event) => {
    const column = event.target.closest(".lo-col");
    all(".lo-col.over", root).forEach((each) => each.classList.toggle("over", each === column));
    if (held && column) { event.preventDefault(); column.classList.add("over"); }
  });
  root.addEventListener("drop", (event) => {
    const column = event.target.closest(".lo-col");
    if (!held || !column) return;
    event.preventDefault();
    if (held.closest(".lo-col") !== column) put(root, held, column);
  });
  root.addEventListener("dragend", () => {
    held = null;
    all(".lo-col.over", root).forEach((each) => each.classList.remove("over"));
  });
  root.addEventListener("keydown", (event) => {
    if (!event.altKey || !/^Arrow(Left|Right)$/.test(event.key)) return;
    const card = event.target.closest("li[draggable]");
    const columns = all(".lo-col", root);
    const at = columns.indexOf(card?.closest(".lo-col"));
    const column = columns[at + (event.key === "ArrowRight" ? 1 : -1)];
    if (!card || at < 0 || !column) return;
    event.preventDefault();
    put(root, card, column);
    one(".ol", card)?.focus();
  });
  return steps;
};

const unfold = async (link) => {
  const item = link.closest("li");
  const open = link.getAttribute("aria-expanded") === "true";
  link.setAttribute("aria-expanded", String(!open));
  const known = one(":scope > ul", item);
  if (known) { known.hidden = open; return; }
  const answer = await fetch(link.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const below = page.querySelector("[data-tree]");
  if (below) item.append(document.importNode(below, true));
};

export const start = async () => {
  const boards = all("[data-board]").map(board);
  all("[data-branch]").forEach((link) => link.setAttribute("aria-expanded", "false"));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-branch]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    unfold(link);
  });
  await Promise.all(boards);
};
