/* Around the list: counts of the tabs, order and width of columns, how many a filter would find. */
import { all, one, say, text } from "./dom.js";

const csrf = () => one("input[name=csrf_token]")?.value || "";

export const post = (address, values) => fetch(address, {
  method: "POST",
  credentials: "same-origin",
  headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
  body: new URLSearchParams(values),
});

const counts = async () => {
  const nav = one("[data-counts]");
  if (!nav) return;
  try {
    const answer = await fetch(nav.dataset.counts, { credentials: "same-origin" });
    if (!answer.ok) return;
    const found = (await answer.json()).counts;
    all("a[data-tab]", nav).forEach((link) => { one(".n", link).textContent = found[link.dataset.tab] ?? ""; });
  } catch { /* a tab without its count is a tab all the same */ }
};

/* The order of the columns: by dragging, and by a button for who has no pointer. */
const sortable = (list) => {
  let held = null;
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!held || !over || over === held) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](held);
  });
  list.addEventListener("dragend", () => { held = null; });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    const item = button?.closest("li");
    if (!item?.previousElementSibling) return;
    item.previousElementSibling.before(item);
    button.focus();
    say(text("Moved up"));
  });
};

/* Drag the edge of a header: the width is kept, and from then on comes with the page as a class. */
const resizing = () => {
  const table = one("table.dt:not(.gt)");
  const heads = all("th[data-column]", table || document);
  if (!table || matchMedia("(max-width: 640px)").matches) return;
  heads.forEach((head) => {
    const grip = document.createElement("span");
    grip.className = "rz";
    head.append(grip);
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      const start = event.clientX;
      const width = head.offsetWidth;
      const place = [...head.parentNode.children].indexOf(head) + 1;
      const cells = all(`tr > :nth-child(${place})`, table);
      let now = width;
      const move = (moved) => {
        now = Math.max(60, Math.min(620, Math.round((width + moved.clientX - start) / 20) * 20));
        cells.forEach((cell) => {
          [...cell.classList].filter((name) => name.startsWith("cw-")).forEach((name) => cell.classList.remove(name));
          cell.classList.add("clip", `cw-${now}`);
        });
      };
      const stop = () => {
        grip.removeEventListener("pointermove", move);
        const entity = one("#list").getAttribute("action").split("/")[1];
        if (now !== width) post(`/${entity}/widths`, { column: head.dataset.column, width: now });
      };
      grip.addEventListener("pointermove", move);
      grip.addEventListener("pointerup", stop, { once: true });
    });
    grip.addEventListener("click", (event) => event.stopPropagation());
  });
};

/* The button that applies the filters says how many records they find. */
const applied = () => {
  const button = one("#filter-panel [data-count]");
  const form = button && document.getElementById(button.getAttribute("form"));
  if (!form) return;
  const words = one("span", button);
  const plain = words.textContent;
  let timer = 0;
  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    try {
      const answer = await fetch(`${button.dataset.count}?${query}`, { credentials: "same-origin" });
      const found = answer.ok ? await answer.json() : null;
      if (mine === asked) words.textContent = found?.fits ? found.text : plain;
    } catch { words.textContent = plain; }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(look, 300); };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("sw:changed", soon);
  one("#filter-panel")?.addEventListener("shown.bs.offcanvas", soon);
};

export const start = () => {
  counts();
  document.addEventListener("sw:unpacked", (event) => all("[data-sortable]", event.target).forEach(sortable));
  resizing();
  applied();
};
