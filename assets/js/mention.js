/* @name in a textarea[data-people]: the server says who may be named, keys choose; nothing happens while composing. */
import { all, composing, one, say, text } from "./dom.js";

/** What stands after the last @ before the caret, or null when the caret is not in a name. */
const asked = (field) => {
  const before = field.value.slice(0, field.selectionStart);
  const found = before.match(/(?:^|[^\p{L}\p{N}_@.])@([\p{L}\p{N}_.+-]{0,40})$/u);
  return found && { word: found[1], from: field.selectionStart - found[1].length };
};

const connect = (field, number) => {
  if (field.dataset.connected) return;
  field.dataset.connected = "1";
  const list = document.createElement("ul");
  list.className = "ppl";
  list.id = `people-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", text("People"));
  list.hidden = true;
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  let at = -1;
  let wanted = "";

  const close = () => {
    list.hidden = true;
    at = -1;
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    const options = all("[role=option]", list);
    at = (to + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    field.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };
  const choose = (option) => {
    const place = asked(field);
    if (place) field.setRangeText(`${option.dataset.name} `, place.from, field.selectionStart, "end");
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const show = (items) => {
    list.replaceChildren(...items.map((item, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.dataset.name = item.name;
      const name = document.createElement("span");
      name.className = "t3";
      name.textContent = ` @${item.name}`;
      option.append(item.label, name);
      return option;
    }));
    list.hidden = !items.length;
    if (!items.length) { close(); return; }
    mark(0);
    say(text("{n} people", { n: items.length }));
  };
  const look = async () => {
    const place = asked(field);
    if (!place) { wanted = ""; close(); return; }
    const query = wanted = `@${place.word}`;
    const address = new URL(field.dataset.people, location.href);
    address.searchParams.set("q", place.word);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok && query === wanted) show((await answer.json()).items);
    } catch { close(); }
  };
  let waiting = 0;
  field.addEventListener("input", (event) => {
    if (composing(event)) return;
    clearTimeout(waiting);
    waiting = setTimeout(look, 120);
  });
  field.addEventListener("compositionend", () => { clearTimeout(waiting); waiting = setTimeout(look, 120); });
  field.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if ((event.metaKey || event.ctrlKey) && event.key === "Enter") {
      event.preventDefault();
      field.form.requestSubmit();
      return;
    }
    if (list.hidden) return;
    const run = { ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Escape: close,
      Enter: () => choose(all("[role=option]", list)[at]), Tab: () => choose(all("[role=option]", list)[at]) }[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  field.addEventListener("blur", close);
  /* a name may have been begun while this script was fetched */
  if (document.activeElement === field) look();
};

let made = 0;
export const start = (root = document) => {
  if (one("textarea[data-people]", root)) all("textarea[data-people]", root).forEach((field) => connect(field, made++));
};
