/* The builder of a rule over `textarea[data-rule]`, which keeps the JSON that is sent. What there is to choose from is
   fetched once: conditions, actions and their arguments as the server declares them. After each change the server says
   the rule in words, what to mind, and what a sample cart would cost. Without script the text itself is edited. */
import { all, one } from "./dom.js";

const WAIT = 450;
let known = null;
let count = 0;

const make = (tag, attributes = {}, ...children) => {
  const found = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => { if (value !== undefined) found.setAttribute(name, value); });
  found.append(...children.filter((each) => each !== null && each !== undefined));
  return found;
};
const isEmpty = (value) => value === undefined || value === "" || (Array.isArray(value) && !value.length)
  || (value !== null && typeof value === "object" && !Array.isArray(value) && !Object.keys(value).length);

/* Each control is {node, read}; read() gives the value as the rule keeps it, undefined for none. */
const labelled = (words, input, help) => {
  count += 1;
  input.id = `rule-${count}`;
  const under = help ? make("p", { class: "help", id: `rule-${count}-help` }, help) : null;
  if (under) input.setAttribute("aria-describedby", under.id);
  return make("div", { class: "fld" }, make("label", { for: input.id }, words), input, under);
};

const typed = (arg, value, attributes = {}, help = "") => {
  const input = make("input", { class: "in", autocomplete: "off", maxlength: "200", ...attributes });
  input.value = value ?? "";
  return { node: labelled(arg.label, input, help), read: () => input.value.trim() || undefined };
};

const whole = (arg, value) => {
  const made = typed(arg, value ?? "", { inputmode: "numeric", class: "in num" });
  return { node: made.node, read: () => { const text = made.read(); return text && /^-?\d{1,9}$/.test(text) ? Number(text) : text; } };
};

const chosen = (arg, options, value, usual) => {
  const input = make("select", { class: "in" });
  if (usual !== null) input.append(make("option", { value: "" }, usual));
  options.forEach(([name, words]) => input.append(make("option", { value: name }, words)));
  input.value = value ?? "";
  if (input.selectedIndex < 0) input.selectedIndex = 0;
  return { node: labelled(arg.label, input), input, read: () => input.value || undefined };
};

const yesno = (arg, value) => {
  const usual = arg.default === undefined ? known.texts.usual : null;
  const given = value ?? arg.default;
  const made = chosen(arg, [["true", known.texts.yes], ["false", known.texts.no]], given === undefined ? "" : String(given), usual);
  return { node: made.node, read: () => ({ true: true, false: false })[made.read()] };
};

const money = (arg, value) => {
  const given = value !== null && typeof value === "object" ? value : null;
  const single = typed({ label: `${arg.label} (${known.home})` }, given ? given[known.home] : value, { inputmode: "decimal", class: "in num" });
  const others = known.currencies.filter((code) => code !== known.home).map((code) =>
    [code, typed({ label: `${arg.label} (${code})` }, given?.[code], { inputmode: "decimal", class: "in num" })]);
  const more = make("details", { class: "rule-more" }, make("summary", {}, known.texts.currencies), make("div", { class: "fg" }, ...others.map(([, each]) => each.node)));
  more.open = Boolean(given && others.some(([code]) => given[code] !== undefined));
  const read = () => {
    const found = Object.fromEntries([[known.home, single.read()], ...others.map(([code, each]) => [code, each.read()])].filter(([, each]) => each !== undefined));
    const codes = Object.keys(found);
    if (!codes.length) return undefined;
    return codes.length === 1 && codes[0] === known.home ? found[known.home] : found;
  };
  return { node: make("div", { class: "rule-money" }, single.node, others.length ? more : null), read };
};

const several = (arg, value, turn = (text) => text) => {
  const made = typed(arg, (Array.isArray(value) ? value : []).join(", "), { maxlength: "2000" }, known.texts.commas);
  return { node: made.node, read: () => (made.read() || "").split(/[,，、]/).map((each) => each.trim()).filter(Boolean).map(turn) };
};

const ticks = (arg, value) => {
  const boxes = arg.of.options.map(([name, words]) => {
    const box = make("input", { type: "checkbox", class: "ck", value: name });
    box.checked = (value || []).includes(name);
    return [box, make("label", { class: "opt" }, box, words)];
  });
  const node = make("fieldset", { class: "rule-part" }, make("legend", {}, arg.label), make("div", { class: "checks" }, ...boxes.map(([, label]) => label)));
  return { node, read: () => boxes.filter(([box]) => box.checked).map(([box]) => box.value) };
};

const facets = (arg, value) => {
  const made = known.labels.map((each) => [each.name, several({ label: each.label }, value?.[each.name])]);
  const read = () => Object.fromEntries(made.map(([name, each]) => [name, each.read()]).filter(([, each]) => each.length));
  return { node: make("div", { class: "fg" }, ...made.map(([, each]) => each.node)), read };
};

const group = (args, value = {}) => {
  const made = args.map((arg) => [arg, control(arg, value?.[arg.name])]);
  const read = () => Object.fromEntries(made.map(([arg, each]) => [arg.name, each.read()])
    .filter(([arg, each]) => !isEmpty(each)).filter(([name, each]) => args.find((arg) => arg.name === name)?.default !== each));
  return { nodes: made.map(([, each]) => each.node), read };
};

const folded = (arg, value) => {
  const made = group(arg.args, value);
  const node = make("details", { class: "rule-more" }, make("summary", {}, arg.label), make("div", { class: "fg" }, ...made.nodes));
  node.open = !isEmpty(value);
  return { node, read: made.read };
};

/* A list of cards; each card can be removed, and focus stays near. */
const cards = (words, items, card, adds) => {
  const rows = [];
  const list = make("div", { class: "rule-list" });
  const more = make("button", { type: "button", class: "b b-s" }, adds);
  const add = (value) => {
    const made = card(value);
    const remove = make("button", { type: "button", class: "b b-g b-s" }, known.texts.remove);
    const node = make("fieldset", { class: "rule-card" }, make("legend", {}, words), make("div", { class: "fg" }, ...made.nodes), remove);
    const row = { node, read: made.read };
    remove.addEventListener("click", () => {
      rows.splice(rows.indexOf(row), 1);
      node.remove();
      more.focus();
      more.dispatchEvent(new CustomEvent("rule:changed", { bubbles: true }));
    });
    rows.push(row);
    list.append(node);
    return node;
  };
  (items || []).forEach(add);
  more.addEventListener("click", () => {
    one("select, input", add(undefined))?.focus();
    more.dispatchEvent(new CustomEvent("rule:changed", { bubbles: true }));
  });
  return { node: make("div", { class: "full" }, list, more), read: () => rows.map((row) => row.read()).filter((each) => !isEmpty(each)) };
};

const worded = (family, words) => (value) => {
  const place = make("div", { class: "fg full" });
  let made = null;
  let kept = value;
  const pick = chosen({ label: known.texts.kind }, family.map((each) => [each.word, each.label]), value?.type || family[0].word, null);
  const draw = () => {
    const kind = family.find((each) => each.word === pick.input.value) || family[0];
    made = group(kind.args, kept || {});
    const late = ["base", "cap", "lane", "include", "exclude"];
    const first = kind.args.flatMap((arg, at) => (late.includes(arg.name) ? [] : [made.nodes[at]]));
    const rest = kind.args.flatMap((arg, at) => (late.includes(arg.name) ? [made.nodes[at]] : []));
    place.replaceChildren(...first, ...(rest.length ? [make("details", { class: "rule-more full" }, make("summary", {}, known.texts.more), make("div", { class: "fg" }, ...rest))] : []));
    const open = kind.args.some((arg) => late.includes(arg.name) && !isEmpty(kept?.[arg.name]) && kept[arg.name] !== arg.default);
    if (open) one(":scope > .rule-more", place).open = true;
  };
  pick.input.addEventListener("change", () => { kept = made.read(); draw(); });
  draw();
  return { nodes: [pick.node, place], read: () => ({ type: pick.input.value, ...made.read() }) };
};

const conditions = (value) => cards(known.texts.condition, value, worded(known.conditions), known.texts.add_condition);

const control = (arg, value) => {
  const of = arg.of;
  switch (arg.type) {
    case "amount": return money(arg, value);
    case "percent": return typed({ label: `${arg.label} (%)` }, value, { inputmode: "decimal", class: "in num" });
    case "integer": return whole(arg, value);
    case "boolean": return yesno(arg, value);
    case "choice": return chosen(arg, arg.options, value ?? arg.default, arg.default === undefined ? known.texts.usual : null);
    case "condition": {
      const made = worded(known.conditions)(value);
      return { node: make("fieldset", { class: "rule-card full" }, make("legend", {}, arg.label), make("div", { class: "fg" }, ...made.nodes)), read: made.read };
    }
    case "shape": return folded(arg, value);
    case "map": return facets(arg, value);
    case "list":
      if (of.type === "condition") return conditions(value);
      if (of.type === "shape") return cards(known.texts.row, value, (each) => group(of.args, each), known.texts.add_step);
      if (of.type === "choice") return ticks(arg, value);
      if (of.type === "integer") return several(arg, value, (text) => (/^\d{1,9}$/.test(text) ? Number(text) : text));
      return several(arg, value);
    default:
      if (arg.name === "name") return chosen(arg, Object.entries(known.facts), value, known.texts.usual);
      return typed(arg, value);
  }
};

const draw = (host, value) => {
  const parts = {
    when: conditions(value.when),
    then: cards(known.texts.action, value.then, worded(known.actions), known.texts.add_action),
  };
  const which = group(known.match, value);
  const more = group(known.more, value);
  const shown = new Set(["when", "then", ...known.match.map((arg) => arg.name), ...known.more.map((arg) => arg.name)]);
  const section = (title, ...nodes) => make("section", { class: "rule-s" }, make("h3", {}, title), ...nodes);
  const open = known.more.some((arg) => !isEmpty(value[arg.name]));
  const rest = make("details", { class: "rule-more" }, make("summary", {}, known.texts.more), make("div", { class: "fg" }, ...more.nodes));
  rest.open = open;
  host.replaceChildren(
    section(known.texts.when, parts.when.node),
    section(known.texts.then, parts.then.node),
    section(known.texts.which, ...which.nodes),
    rest,
  );
  return () => {
    const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !shown.has(name)));
    const found = { ...kept, when: parts.when.read(), ...which.read(), then: parts.then.read(), ...more.read() };
    return Object.fromEntries(Object.entries(found).filter(([, each]) => !isEmpty(each)));
  };
};

const connect = async (area) => {
  if (area.dataset.rule === "on" || area.closest("template")) return;
  area.dataset.rule = "on";
  const form = area.form;
  try {
    if (!known) {
      const answer = await fetch("/pricing/rules/words", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      known = await answer.json();
    }
  } catch { return; /* offline: the text is edited as it is */ }
  const host = make("div", { class: "rule", role: "group", "aria-label": area.labels?.[0]?.firstChild.textContent.trim() || "" });
  const look = make("div", { class: "rule-look", role: "status", "aria-live": "polite" });
  const raw = make("details", { class: "rule-more" }, make("summary", {}, known.texts.as_text));
  const wrong = make("p", { class: "help", role: "alert" });
  area.before(host);
  host.after(make("section", { class: "rule-s" }, make("h3", {}, known.texts.looks), look), raw);
  raw.append(area, wrong);
  raw.open = area.getAttribute("aria-invalid") === "true";
  let read = null;
  let timer = 0;
  let under = null;
  const ask = async () => {
    under?.abort();
    under = new AbortController();
    const body = new FormData();
    body.append("csrf_token", one("[name=csrf_token]", form).value);
    body.append("rule", area.value);
    body.append("record", (form.action.match(/\/([0-9a-f-]{36})\/edit/) || [])[1] || "");
    try {
      const answer = await fetch("/pricing/rules/look", { method: "POST", body, signal: under.signal, credentials: "same-origin" });
      if (answer.ok) look.innerHTML = await answer.text();
    } catch { /* offline or overtaken: saving decides */ }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); };
  const redraw = () => {
    let value = {};
    try { value = area.value.trim() ? JSON.parse(area.value) : {}; } catch { value = null; }
    const fits = value !== null && typeof value === "object" && !Array.isArray(value);
    wrong.textContent = fits ? "" : known.texts.unreadable;
    if (fits) read = draw(host, value);
    soon();
  };
  const write = () => {
    area.value = JSON.stringify(read(), null, 2);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    soon();
  };
  ["input", "change", "rule:changed"].forEach((name) => host.addEventListener(name, (event) => {
    if (!event.isComposing) write();
  }));
  host.addEventListener("compositionend", write);
  area.addEventListener("change", redraw);
  redraw();
};

export const start = (root = document) => all("textarea[data-rule]", root).forEach(connect);
