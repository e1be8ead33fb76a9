/* The remote picker: a <select data-picker-url> holds only its present value; the rest is searched.
   The address answers {"items": [{"id", "label", "note"}]} to ?q=…; an empty q means "recently used". */
import { all, composing, text } from "./dom.js";

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
   method composes, Enter, arrows and Backspace are its own. */
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
};

const connect = (select) => {
  if (select.tomselect || select.closest("template")) return;
  const several = select.multiple;
  const settings = {
    valueField: "id",
    labelField: "label",
    searchField: [],
    maxOptions: 20,
    maxItems: several ? null : 1,
    create: false,
    preload: "focus",
    loadThrottle: 150,
    score: () => () => 1,
    load: async (query, done) => {
      const address = new URL(select.dataset.pickerUrl, location.href);
      address.searchParams.set("q", query);
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        done(answer.ok ? (await answer.json()).items : []);
      } catch { done([]); }
    },
    render: {
      option,
      item: (item, escape) => `<div>${escape(item.label)}</div>`,
      no_results: () => `<div class="no-results">${text("Nothing found")}</div>`,
      loading: () => `<div class="loading">${text("Searching…")}</div>`,
    },
    onChange: () => select.dispatchEvent(new Event("input", { bubbles: true })),
  };
  const picker = new window.TomSelect(select, settings);
  picker.on("type", () => picker.clearOptions());
  dress(picker, select);
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
