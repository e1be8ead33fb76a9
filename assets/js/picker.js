/* The remote picker: a <select data-picker-url> holds only its present value; the rest is searched.
   The address answers {"items": [{"id", "label", "note"}]} to ?q=…; an empty q means "recently used". */
import { all, text } from "./dom.js";

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
  /* The select itself is only the value now; a link from the error summary still lands on it. */
  select.setAttribute("aria-hidden", "true");
  select.addEventListener("focus", () => picker.focus());
  const label = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim();
  if (label) picker.dropdown_content.setAttribute("aria-label", label);
  ["aria-describedby", "aria-invalid", "aria-required"].forEach((name) => {
    if (select.hasAttribute(name)) picker.control_input.setAttribute(name, select.getAttribute(name));
  });
};

export const start = async (root = document) => {
  const found = all("select[data-picker-url]", root);
  if (!found.length) return;
  await loaded(new URL("./tom-select.js", import.meta.url).href);
  found.forEach(connect);
};
