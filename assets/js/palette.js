/* ⌘K: a combobox over records, pages and actions. The server decides what may be offered; what this page
   itself can do (its own buttons) is added here. Without it the same form opens the search page. */
import { all, composing, one, say, text } from "./dom.js";
import { toast } from "./toasts.js";

const WAIT = 120;
let acts = {};
let asked = null;
let timer = 0;
let shown = 0;

const dialog = () => one("#search");
const field = () => one("[role=combobox]", dialog());
const list = () => one("#palette-list");
const options = () => all("[role=option]", list());
const chosen = () => one("[aria-selected=true]", list());

const picture = (name) => {
  const drawn = one("#search .q svg").cloneNode(true);
  const use = one("use", drawn);
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${name}`));
  drawn.setAttribute("class", "ic");
  return drawn;
};

/* Marks the typed words in a label, as text: nothing of a record is ever read as HTML. */
const marked = (label, typed) => {
  const words = typed.trim().split(/\s+/).filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const box = document.createElement("span");
  box.className = "tx";
  const parts = words.length ? label.split(new RegExp(`(${words.join("|")})`, "gi")) : [label];
  parts.forEach((part, at) => {
    if (at % 2 === 0) box.append(part);
    else { const m = document.createElement("mark"); m.textContent = part; box.append(m); }
  });
  return box;
};

/* The buttons and links at the head of this page, as actions: Export…, Edit, Archive … */
const here = (typed) => {
  const wanted = typed.trim().toLocaleLowerCase();
  const seen = new Set();
  return all("#main .ph a.b, #main .ph button.b, #main .ph .dropdown-item").flatMap((control) => {
    const label = (control.getAttribute("aria-label") || control.textContent).trim().replace(/\s+/g, " ");
    const usable = label && !control.matches("[aria-disabled=true], [data-bs-toggle], [rel=prev], [rel=next]");
    if (!usable || seen.has(label) || !label.toLocaleLowerCase().includes(wanted)) return [];
    seen.add(label);
    return [{ label, note: "", icon: "corner-down-left", run: () => control.click() }];
  }).slice(0, 6);
};

const option = (line, number, typed) => {
  const row = document.createElement(line.url ? "a" : "div");
  row.setAttribute("role", "option");
  row.id = `palette-${number}`;
  row.tabIndex = -1;
  row.setAttribute("aria-selected", "false");
  if (line.url) row.href = line.url;
  row.append(picture(line.icon), marked(line.label, typed));
  if (line.note) {
    const note = document.createElement("span");
    note.className = "sub";
    note.textContent = line.note;
    row.append(note);
  }
  row.addEventListener("click", (event) => {
    if (line.url) return;
    event.preventDefault();
    dialog().close();
    if (line.run) line.run(); else acts[line.act.split(":")[0]]?.(line.act.split(":")[1]);
  });
  return row;
};

const draw = (groups, typed) => {
  const box = list();
  box.replaceChildren();
  let number = 0;
  groups.forEach((group, at) => {
    const part = document.createElement("div");
    part.setAttribute("role", "group");
    if (group.label) {
      const head = document.createElement("div");
      head.className = "gh";
      head.id = `palette-group-${at}`;
      head.textContent = group.label;
      part.setAttribute("aria-labelledby", head.id);
      part.append(head);
    } else part.setAttribute("aria-label", text("Search"));
    group.lines.forEach((line) => { part.append(option(line, number, typed)); number += 1; });
    box.append(part);
  });
  box.hidden = !number;
  one("[data-palette-hint]", dialog()).hidden = number > 0;
  field().setAttribute("aria-expanded", String(number > 0));
  field().removeAttribute("aria-activedescendant");
  if (number && typed) choose(0);
  if (typed) say(text("{n} results", { n: number }));
};

const choose = (to) => {
  const every = options();
  if (!every.length) return;
  const next = every[(to + every.length) % every.length];
  every.forEach((each) => each.setAttribute("aria-selected", String(each === next)));
  field().setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
};

const ask = async () => {
  const typed = field().value;
  asked?.abort();
  asked = new AbortController();
  const turn = (shown += 1);
  const address = `${one("[data-palette]", dialog()).dataset.palette}?${new URLSearchParams({ q: typed })}`;
  try {
    const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      toast(text("Your session has ended."), { tone: "critical", action: { label: text("Sign in"), href: document.body.dataset.signIn } });
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const { groups } = await answer.json();
    if (turn !== shown) return;
    const own = here(typed);
    const page = own.length ? [{ label: text("On this page"), lines: own }] : [];
    const last = typed ? groups.splice(-1) : [];
    draw([...groups, ...page, ...last], typed);
  } catch (fault) {
    if (fault.name === "AbortError") return;
    draw([{ label: text("On this page"), lines: here(typed) }].filter((g) => g.lines.length), typed);
    toast(text("The server cannot be reached."), { tone: "critical", action: { label: text("Retry"), run: ask } });
  }
};

const keys = (event) => {
  if (composing(event)) return;
  const at = options().indexOf(chosen());
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, PageDown: Math.min(at + 5, options().length - 1), PageUp: Math.max(at - 5, 0) }[event.key];
  if (to !== undefined) { event.preventDefault(); choose(to); }
  if (event.key === "Enter") {
    const line = chosen();
    if (line) { event.preventDefault(); if (event.metaKey || event.ctrlKey) window.open(line.href || location.href, "_blank", "noopener"); else line.click(); }
  }
};

/** Make the open dialog a palette; `actions` is what this browser does itself, by name. */
export const open = (actions) => {
  acts = actions;
  const box = dialog();
  if (!box.open) return; /* left meanwhile */
  if (!box.dataset.ready) {
    box.dataset.ready = "1";
    field().addEventListener("keydown", keys);
    const later = (event) => {
      options().forEach((each) => each.setAttribute("aria-selected", "false"));
      field().removeAttribute("aria-activedescendant");
      if (!event.isComposing) { clearTimeout(timer); timer = setTimeout(ask, WAIT); }
    };
    field().addEventListener("input", later);
    field().addEventListener("compositionend", later);
    one("form", box).addEventListener("submit", (event) => { if (!field().value.trim()) event.preventDefault(); });
  }
  ask();
};
