/* Small helps of single controls: the colour's sample, the scanner's Enter. */
import { all, composing, one } from "./dom.js";

const HEX = /^#[0-9a-f]{6}$/i;

const colour = (box) => {
  if (box.dataset.ready || box.closest("template")) return;
  box.dataset.ready = "1";
  const [words, sample] = [one("input:not([type=color])", box), one("input[type=color]", box)];
  words.addEventListener("input", () => { if (HEX.test(words.value.trim())) sample.value = words.value.trim(); });
  sample.addEventListener("input", (event) => {
    event.stopPropagation();
    words.value = sample.value;
    words.dispatchEvent(new Event("input", { bubbles: true }));
  });
};

/* A scanner types a code and presses Enter: that goes to the next field, it does not send the form. */
const scanned = (event) => {
  const field = event.target;
  if (event.key !== "Enter" || composing(event) || !field.matches?.("input[data-scan]") || field.closest("[data-grid]")) return;
  event.preventDefault();
  const every = all("input:not([type=hidden]), select, textarea, button", field.form || document)
    .filter((each) => each.tabIndex >= 0 && !each.disabled && each.offsetParent);
  every[every.indexOf(field) + 1]?.focus();
};

let listening = false;
export const start = (root = document) => {
  all("[data-color]", root).forEach(colour);
  if (!listening) document.addEventListener("keydown", scanned);
  listening = true;
};
