/* Times younger than a day read as "34 min ago"; the absolute time stays in the title. */
import { all } from "./dom.js";

const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto", style: "short" });

const relative = (moment, now) => {
  const seconds = Math.round((moment - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 60) return format.format(Math.trunc(seconds / 60), "minute");
  if (size < 3600) return format.format(Math.trunc(seconds / 60), "minute");
  return size < 86400 ? format.format(Math.trunc(seconds / 3600), "hour") : null;
};

const update = (root = document) => all("time[data-relative]", root).forEach((node) => {
  const words = relative(new Date(node.dateTime), new Date());
  node.dataset.absolute ??= node.textContent;
  node.textContent = words ?? node.dataset.absolute;
});

export const start = () => {
  update();
  setInterval(update, 60000);
  ["htmx:afterSwap", "sw:times"].forEach((name) => document.addEventListener(name, () => update()));
};
