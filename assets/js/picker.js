/* The remote picker: a <select data-picker-url> holds only its present value; the rest is searched.
   The address answers {"items": [{"id", "label", "note"}]} to ?q=…; an empty q means "recently used". What the
   choice depends on goes along as this.FIELD=…; a missing record is made in a drawer. */
import { all, composing, say, text } from "./dom.js";

const NEW = "_new";

const loaded = (address) => new Promise((done, failed) => {
  if (window.TomSelect) { done(); return; }
  const script = document.createElement("script");
  script.src = address;
  script.addEventListener("load", done);
  script.addEventListener("error", failed);
  document.head.append(script);
});

const option = (item, escape) =>
  `<div>${escape(item.label)}${item.note ? `<span class="sub">${escape(item.note)}</span>` : ""}</div>`;

/* The element itself is only the value now; a link from the error summary still lands on it. While an input
   method composes, Enter, arrows and Backspace are its own, and its letters are no text to search for yet. */
const dress = (picker, element) => {
  element.setAttribute("aria-hidden", "true");
  element.addEventListener("focus", () => picker.focus());
  const label = element.getAttribute("aria-label") || element.labels?.[0]?.firstChild.textContent.trim();
  if (label) {
    picker.dropdown_content.setAttribute("aria-label", label);
    picker.control_input.setAttribute("aria-label", label);
  }
  ["aria-describedby", "aria-invalid", "aria-required"].forEach((name) => {
    if (element.hasAttribute(name)) picker.control_input.setAttribute(name, element.getAttribute(name));
  });
  picker.wrapper.addEventListener("keydown", (event) => {
    if (composing(event)) event.stopImmediatePropagation();
  }, true);
  picker.wrapper.addEventListener("input", (event) => {
    if (event.isComposing) event.stopImmediatePropagation();
  }, true);
  picker.wrapper.addEventListener("compositionend", () => {
    picker.control_input.dispatchEvent(new Event("input", { bubbles: true }));
  });
};

/* Who types a number and Enter, as a scanner does, is quicker than the answer, and what is shown meanwhile was
   found for something else: the only record that fits is taken when it comes; of several one is to be chosen. */
const ahead = (picker) => {
  let entered = null;
  picker.wrapper.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const typed = picker.inputValue();
    entered = event.key === "Enter" && typed && typed !== picker.answered ? typed : null;
    if (entered === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  picker.on("load", (items) => {
    if (entered === null || entered !== picker.answered) return;
    entered = null;
    const found = items.filter((each) => each.id !== NEW);
    if (found.length === 1) picker.addItem(found[0].id);
  });
};

/** The controls of the same record (the same row of a grid) that narrow what may be chosen, by field. */
const narrowing = (select) => (select.dataset.picksBy || "").split(" ").filter(Boolean).map((field) => {
  const prefix = select.name.replace(/[a-z0-9_]+$/, "");
  return [field, select.form?.elements[prefix + field]];
});

const held = (control) => {
  if (!control) return "";
  if (control.type === "checkbox") return control.checked ? "true" : "false";
  return control.value ?? "";
};

/** Search what a picker offers; more is {q} or {ids}. */
export const search = async (select, more) => {
  const address = new URL(select.dataset.pickerUrl, location.href);
  Object.entries(more).forEach(([name, value]) => address.searchParams.set(name, value));
  narrowing(select).forEach(([field, control]) => address.searchParams.set(`this.${field}`, held(control)));
  const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  return answer.ok ? (await answer.json()).items : [];
};

/* What was chosen may not fit any more once another field has changed: then it goes, and is said to. */
const recheck = async (picker, select) => {
  picker.clearOptions();
  picker.loadedSearches = {};
  const chosen = [picker.getValue()].flat().filter(Boolean);
  if (!chosen.length) return;
  const fit = new Set((await search(select, { ids: chosen.join(",") })).map((item) => item.id));
  chosen.filter((id) => !fit.has(id)).forEach((id) => {
    say(text("{name} does not fit any more and was removed.", { name: picker.options[id]?.label || id }));
    picker.removeItem(id);
  });
};

const connect = (select) => {
  if (select.tomselect || select.closest("template")) return;
  const inGrid = Boolean(select.closest("[data-grid]"));
  const create = async (picker) => {
    const { open } = await import("./drawer.js");
    picker.close();
    const made = await open(select.dataset.createUrl);
    if (!made) return;
    picker.addOption(made);
    picker.addItem(made.id);
  };
  const picker = new window.TomSelect(select, {
    valueField: "id",
    labelField: "label",
    searchField: [],
    maxOptions: 21,
    maxItems: select.multiple ? null : 1,
    create: false,
    preload: "focus",
    openOnFocus: !inGrid,
    loadThrottle: 150,
    refreshThrottle: 0,
    score: () => () => 1,
    async load(query, done) {
      try {
        const items = await search(select, { q: query });
        if (query !== this.inputValue()) { done([]); return; } /* more was typed since */
        this.answered = query;
        const more = select.dataset.createUrl ? [{ id: NEW, label: text("Create new…") }] : [];
        done([...items, ...more]);
      } catch { done([]); }
    },
    onItemAdd(value) {
      if (value !== NEW) return;
      this.removeItem(NEW, true);
      create(this);
    },
    render: {
      option: (item, escape) => (item.id === NEW ? `<div class="make">${escape(item.label)}</div>` : option(item, escape)),
      item: (item, escape) => `<div>${escape(item.label)}</div>`,
      no_results: () => `<div class="no-results">${text("Nothing found")}</div>`,
      loading: () => `<div class="loading">${text("Searching…")}</div>`,
    },
    onChange: (value) => { if (value !== NEW) select.dispatchEvent(new Event("input", { bubbles: true })); },
  });
  picker.on("type", () => picker.clearOptions());
  narrowing(select).forEach(([, control]) => control?.addEventListener("input", () => recheck(picker, select)));
  dress(picker, select);
  ahead(picker);
};

const several = { no_results: () => `<div class="no-results">${text("Nothing found")}</div>` };

/* Options that are all in the page already, several of which may be chosen. */
const local = (select) => {
  if (select.tomselect || select.closest("template")) return;
  dress(new window.TomSelect(select, {
    maxItems: null, plugins: {}, render: several, onChange: () => select.dispatchEvent(new Event("input", { bubbles: true })),
  }), select);
};

/* Words that people make up: Enter or a comma, also the Chinese one, ends each. */
const words = (input) => {
  if (input.tomselect || input.closest("template")) return;
  const picker = new window.TomSelect(input, {
    delimiter: ",",
    splitOn: /[,，]/,
    create: true,
    createOnBlur: true,
    persist: false,
    maxItems: Number(input.dataset.tags) || 50,
    createFilter: /^[^,，]{1,50}$/,
    render: {
      option_create: (item, escape) => `<div class="create">${text("Add {name}", { name: `“${escape(item.input)}”` })}</div>`,
      no_results: () => "",
    },
    onChange: () => input.dispatchEvent(new Event("input", { bubbles: true })),
  });
  picker.on("type", (typed) => {
    if (!/[,，]/.test(typed)) return;
    typed.split(/[,，]/).map((each) => each.trim()).filter(Boolean).forEach((each) => picker.createItem(each));
    picker.setTextboxValue("");
  });
  dress(picker, input);
};

export const start = async (root = document) => {
  const found = all("select[data-picker-url], select[data-pick-local], input[data-tags]", root);
  if (!found.length) return;
  await loaded(new URL("./tom-select.js", import.meta.url).href);
  found.forEach((each) => (each.dataset.pickerUrl ? connect : each.dataset.tags ? words : local)(each));
};
