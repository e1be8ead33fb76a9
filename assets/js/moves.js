/* A board of states: dropping a card takes the step that leads to the column. Several steps: the person chooses. A step
   that asks does so in a drawer. Refused: the card goes back, and says why in words. */
import { all, one, say, text } from "./dom.js";
import { alive } from "./session.js";
import { words } from "./server.js";
import { toast } from "./toasts.js";

const entity = () => one("#list").getAttribute("action").split("/")[1];
const address = (root, card) => `/${entity()}/${card.id.slice(4)}/moves/${root.dataset.board}`;
const columnOf = (root, state) => all(".lo-col", root).find((each) => each.dataset.value === state);

const count = (column, by) => {
  const place = column && one("h2 .n", column);
  if (place && /^\d+$/.test(place.textContent)) place.textContent = String(Number(place.textContent) + by);
};

/** Put a card where its record is now. */
const place = (root, card, state) => {
  const from = card.closest(".lo-col");
  const column = columnOf(root, state);
  if (!column || column === from) return;
  one("ul", column).prepend(card);
  count(from, -1);
  count(column, 1);
};

const refuse = (message) => toast(message, { tone: "critical" });

const json = async (answer) => {
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

const post = (step, version) => alive(() => {
  const body = new URLSearchParams({ _version: version, _drawer: "card", _key: crypto.randomUUID?.() || String(Math.random()).repeat(2) });
  const headers = { "X-CSRFToken": one("meta[name=csrf-token]").content };
  return fetch(step.url, { method: "POST", credentials: "same-origin", headers, body });
}).then(json);

const take = async (root, card, step, version) => {
  card.classList.add("busy");
  try {
    const { open } = await import("./drawer.js");
    const done = step.asks ? await open(`${step.url}?_drawer=card&_version=${version}`) : await post(step, version);
    if (!done) return;
    if (!done.state) { refuse(done.message); return; }
    place(root, card, done.state);
    say(done.message);
    toast(done.message);
  } catch (fault) { refuse(words(Number(fault.message) || 0)); }
  card.classList.remove("busy");
  one(".ol", card)?.focus();
};

/* Which of several steps: a dialog of buttons, the blocked ones with their reasons. */
const choose = (title, steps) => new Promise((done) => {
  const dialog = document.createElement("dialog");
  dialog.className = "dg mvd";
  dialog.setAttribute("aria-label", title);
  const head = dialog.appendChild(document.createElement("header"));
  head.appendChild(document.createElement("h2")).textContent = title;
  const body = dialog.appendChild(document.createElement("div"));
  body.className = "bd";
  let chosen = null;
  steps.forEach((step, number) => {
    const button = body.appendChild(document.createElement("button"));
    button.type = "button";
    button.className = "b";
    button.textContent = `${step.label} → ${step.to}`;
    if (step.allowed) { button.addEventListener("click", () => { chosen = step; dialog.close(); }); return; }
    const why = body.appendChild(document.createElement("p"));
    why.id = `why-move-${number}`;
    why.className = "why";
    why.textContent = step.reasons.join(" ");
    button.setAttribute("aria-disabled", "true");
    button.setAttribute("aria-describedby", why.id);
  });
  const cancel = body.appendChild(document.createElement("button"));
  cancel.type = "button";
  cancel.className = "b b-g";
  cancel.textContent = text("Cancel");
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); done(chosen); });
  document.body.append(dialog);
  dialog.showModal();
});

const known = (root, card) => alive(() => fetch(address(root, card), { credentials: "same-origin" })).then(json);

/** Take the step that leads a card to a column, or say why not. */
const put = async (root, card, column) => {
  try {
    const { version, steps, none } = await known(root, card);
    const leading = steps.filter((step) => step.targets.includes(column.dataset.value));
    const open = leading.filter((step) => step.allowed);
    if (!leading.length) { refuse(none); return; }
    if (!open.length) { refuse(leading.flatMap((step) => step.reasons).join(" ")); return; }
    const step = open.length === 1 ? open[0] : await choose(column.getAttribute("aria-label"), open);
    if (step) await take(root, card, step, version);
  } catch (fault) { refuse(words(Number(fault.message) || 0)); }
};

export const start = (root) => {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const card = button.closest("li");
    try {
      const { version, steps } = await known(root, card);
      const step = await choose(button.getAttribute("aria-label"), steps);
      if (step) await take(root, card, step, version);
      else button.focus();
    } catch (fault) { refuse(words(Number(fault.message) || 0)); }
  });
  return put;
};
