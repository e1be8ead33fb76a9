/* Toasts: never the only place a fact appears; at least 6 s, held while pointed at or focused. */
import { one, text } from "./dom.js";

const SECONDS = 6;

/** Show a message. `action` is {label, run} or {label, href}; a critical toast stays until closed. */
export const toast = (message, { tone = "info", action = null } = {}) => {
  const region = one("#toasts");
  if (!region) return;
  const box = document.createElement("div");
  box.className = `toast-ax ${tone}`;
  box.setAttribute("role", tone === "critical" ? "alert" : "status");
  const words = document.createElement("span");
  words.className = "tx";
  words.textContent = message;
  box.append(words);
  if (action) box.append(actionControl(action, box));
  box.append(closeControl(box));
  region.append(box);
  if (tone !== "critical") expire(box);
};

const actionControl = (action, box) => {
  const control = document.createElement(action.href ? "a" : "button");
  control.className = "b b-s";
  control.textContent = action.label;
  if (action.href) {
    control.href = action.href;
    control.target = "_blank";
    control.rel = "noopener";
  } else {
    control.type = "button";
    control.addEventListener("click", () => { box.remove(); action.run(); });
  }
  return control;
};

const closeControl = (box) => {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "b b-s b-i";
  close.textContent = "×";
  close.setAttribute("aria-label", text("Close"));
  close.addEventListener("click", () => box.remove());
  return close;
};

const expire = (box) => {
  let timer = 0;
  const run = () => { timer = setTimeout(() => box.remove(), SECONDS * 1000); };
  const hold = () => clearTimeout(timer);
  box.addEventListener("pointerenter", hold);
  box.addEventListener("pointerleave", run);
  box.addEventListener("focusin", hold);
  box.addEventListener("focusout", run);
  run();
};
