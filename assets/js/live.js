/* What follows from a form while it is filled in: the server runs the same formulas and conditions as a save would,
   without writing, and this puts its answer on the page. One call at a time, a moment after the last key. */
import { all, one, text } from "./dom.js";

const WAIT = 350;

const required = (box, on) => {
  const label = one("label, legend", box);
  let mark = one(".req", label || box);
  if (label && on && !mark && !label.matches(".sub, .opt")) {
    mark = document.createElement("span");
    mark.className = "req";
    mark.textContent = text("required");
    label.append(mark);
  }
  mark?.toggleAttribute("hidden", !on);
  all("input:not([type=hidden]), select, textarea", box).forEach((field) => {
    if (on) field.setAttribute("aria-required", "true");
    else field.removeAttribute("aria-required");
  });
};

const conditions = (form, fields) => all("[data-when]", form).forEach((box) => {
  const now = fields[box.dataset.when];
  if (!now) return;
  box.hidden = !now.visible;
  box.inert = now.fixed;
  required(box, now.required);
});

const formulas = (form, values) => all("output[data-value]", form).forEach((place) => {
  const now = values[place.dataset.value];
  const amount = document.createElement("span");
  amount.className = "mono";
  amount.textContent = now?.text || "";
  place.replaceChildren(amount);
  if (!now?.unit || !now.text) return;
  const unit = place.appendChild(document.createElement("span"));
  unit.className = "cur";
  unit.textContent = now.unit;
});

const connect = (form) => {
  if (form.dataset.listening) return;
  form.dataset.listening = "1";
  let timer = 0;
  let under = null;
  const ask = async () => {
    under?.abort();
    under = new AbortController();
    const body = new FormData(form);
    [...body.entries()].forEach(([name, value]) => { if (value instanceof File || name === "_was") body.delete(name); });
    try {
      const answer = await fetch(form.dataset.live, {
        method: "POST", body, signal: under.signal, credentials: "same-origin", headers: { Accept: "application/json" },
      });
      if (!answer.ok) return;
      const { fields, values } = await answer.json();
      conditions(form, fields);
      formulas(form, values);
      form.dispatchEvent(new Event("sw:live"));
    } catch { /* offline or overtaken: the page stays as it is, saving decides */ }
  };
  const soon = (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };
  ["input", "change", "sw:changed", "compositionend"].forEach((name) => form.addEventListener(name, soon));
};

export const start = (root = document) => {
  if (root.matches?.("form[data-live]")) connect(root);
  all("form[data-live]", root).forEach(connect);
};
