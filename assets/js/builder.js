/* The filter builder: conditions and groups of them. What can be asked is fetched when the drawer opens;
   what is asked stands in ordinary hidden fields of the drawer's form, so the address says it all. */
import { all, one, text } from "./dom.js";
import * as picker from "./picker.js";

const make = (tag, attributes = {}, ...children) => {
  const found = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => found.setAttribute(name, value));
  found.append(...children);
  return found;
};

const select = (label, pairs, chosen, attributes = {}) => {
  const found = make("select", { class: "in", "aria-label": label, ...attributes });
  pairs.forEach(([value, words]) => {
    const option = make("option", { value }, words);
    option.selected = [chosen].flat().includes(value);
    found.append(option);
  });
  return found;
};

let known = null;
let periods = {};

const control = (field, operator, value, named) => {
  const label = text("Value");
  const input = (attributes) => make("input", { class: "in", "aria-label": label, value, autocomplete: "off", ...attributes });
  const options = () => (field.options || []).map((each) => [each.value, each.label]);
  const several = value ? value.split(",") : [];
  const named_ = (named || []).map((each) => [each.id, each.label]);
  switch (operator.value) {
    case "none": return null;
    case "period": return select(label, Object.entries(periods), value || "last_7_days");
    case "options": return select(label, options(), several, { multiple: "", size: Math.min(5, field.options.length) });
    case "option": return select(label, options(), value);
    case "yesno": return select(label, [["true", text("Yes")], ["false", text("No")]], value || "true");
    case "pickers": return select(label, named_, several, { multiple: "", "data-picker-url": field.url });
    case "picker": return select(label, [["", ""], ...named_], value, { "data-picker-url": field.url });
    case "date": return input({ type: "date" });
    case "time": return input({ type: "time" });
    case "dates": case "texts": return input({ placeholder: text("with commas") });
    default: return input({ maxlength: "200" });
  }
};

const operators = (field) => field.operators.map((each) => [each.name, each.label]);

const row = (builder, condition) => {
  const found = make("div", { class: "fx-row" });
  const hidden = make("input", { type: "hidden" });
  const fields = select(text("Field"), known.map((each) => [each.path, each.label]), condition.path);
  const asks = select(text("Condition"), [], "");
  const place = make("span", { class: "fx-v" });
  const remove = make("button", { type: "button", class: "b b-g b-s b-i", "aria-label": text("Remove this condition") }, "×");
  const field = () => known.find((each) => each.path === fields.value) || known[0];
  const operator = () => field().operators.find((each) => each.name === asks.value) || field().operators[0];
  const write = () => {
    const held = one("select, input", place);
    const name = operator().name;
    const [plain, fixed] = name.split(":");
    const value = fixed ?? (held?.multiple ? [...held.selectedOptions].map((each) => each.value).join(",") : held?.value ?? "");
    const group = found.closest("[data-group]").dataset.group;
    const key = plain === "eq" ? fields.value : `${fields.value}[${plain}]`;
    hidden.name = value ? key + (group === "0" ? "" : `~${group}`) : "";
    hidden.value = value;
    hidden.disabled = !value;
    found.dispatchEvent(new CustomEvent("sw:changed", { bubbles: true }));
  };
  const drawValue = (value, named) => {
    const made = control(field(), operator(), value, named);
    place.replaceChildren(...(made ? [made] : []));
    picker.start(place);
    write();
  };
  const drawOperators = (chosen) => {
    asks.replaceChildren(...operators(field()).map(([value, words]) => make("option", { value }, words)));
    asks.value = chosen;
    if (!asks.value) asks.selectedIndex = 0;
  };
  fields.addEventListener("change", () => { drawOperators(""); drawValue("", []); });
  asks.addEventListener("change", () => drawValue("", []));
  place.addEventListener("input", write);
  place.addEventListener("change", write);
  remove.addEventListener("click", () => {
    const next = found.nextElementSibling || found.previousElementSibling;
    found.remove();
    one("select, button", next || builder)?.focus();
    builder.dispatchEvent(new CustomEvent("sw:changed", { bubbles: true }));
  });
  found.append(fields, asks, place, remove, hidden);
  found.draw = () => {
    const isEmpty = condition.operator === "empty";
    drawOperators(isEmpty ? `empty:${condition.value}` : condition.operator);
    drawValue(isEmpty ? "" : condition.value, condition.named);
  };
  return found;
};

const words = (builder) => {
  const any = one("[data-match-choice]", builder).value === "any";
  all("[data-group]:not([data-group='0']) .fx-how", builder).forEach((each) => {
    each.textContent = any ? text("all of these") : text("one of these");
  });
};

const add = (builder, box, condition = { path: known[0].path, operator: "", value: "", named: [] }) => {
  const made = row(builder, condition);
  one(".fx-rows", box).append(made);
  made.draw();
  return made;
};

const group = (builder, number) => {
  const found = make("fieldset", { class: "fx-g", "data-group": String(number) });
  if (number) found.append(make("legend", {}, make("span", { class: "fx-how" })));
  const more = make("button", { type: "button", class: "b b-s" }, text("Add condition"));
  more.addEventListener("click", () => one("select", add(builder, found)).focus());
  found.append(make("div", { class: "fx-rows" }), more);
  return found;
};

const draw = (builder, conditions) => {
  const match = select(text("How conditions belong together"), [
    ["all", text("All of these hold")], ["any", text("One of these holds")],
  ], builder.dataset.match, { "data-match-choice": "" });
  const sent = make("input", { type: "hidden", name: "match", value: "any" });
  const asked = () => { sent.disabled = match.value !== "any"; words(builder); };
  match.addEventListener("change", () => { asked(); builder.dispatchEvent(new CustomEvent("sw:changed", { bubbles: true })); });
  const first = group(builder, 0);
  const another = make("button", { type: "button", class: "b b-g b-s" }, text("Add a group"));
  another.addEventListener("click", () => {
    const taken = all("[data-group]", builder).map((each) => Number(each.dataset.group));
    const number = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((each) => !taken.includes(each));
    if (!number) return;
    const made = group(builder, number);
    another.before(made);
    words(builder);
    one("select", add(builder, made)).focus();
  });
  builder.replaceChildren(make("h3", {}, text("More conditions")), match, sent, first, another);
  conditions.forEach((each) => {
    let box = one(`[data-group="${each.group}"]`, builder);
    if (!box) { box = group(builder, each.group); another.before(box); }
    add(builder, box, each);
  });
  asked();
};

const open = async (builder) => {
  if (builder.dataset.ready) return;
  builder.dataset.ready = "1";
  const answer = await fetch(builder.dataset.builder, { credentials: "same-origin" });
  if (!answer.ok) { delete builder.dataset.ready; return; }
  ({ fields: known, periods } = await answer.json());
  if (!known.length) return;
  const conditions = JSON.parse(builder.dataset.conditions);
  const form = builder.closest("form");
  const keys = new Set(conditions.map((each) => each.key));
  all("input[type=hidden]", form).forEach((each) => { if (keys.has(each.name)) each.remove(); });
  draw(builder, conditions);
};

export const start = () => {
  const builder = one("[data-builder]");
  if (!builder) return;
  const panel = one("#filter-panel");
  if (panel.classList.contains("show")) open(builder);
  panel.addEventListener("show.bs.offcanvas", () => open(builder));
};
