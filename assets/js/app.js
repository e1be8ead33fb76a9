/* Starts each behaviour; every one is optional, and pages work as links and forms without any of them. */
import * as shell from "./shell.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as form from "./form.js";
import * as tabs from "./tabs.js";
import * as time from "./time.js";
import * as server from "./server.js";
import * as net from "./net.js";
import * as bell from "./bell.js";

[shell, keys, list, tabs, time, server, net, bell].forEach((part) => part.start());
/* The grid drops its empty rows first: what it changes at the start is no change of the person's. */
if (document.querySelector("[data-grid]")) import("./grid.js").then((part) => { part.start(); form.start(); });
else form.start();
if (document.querySelector("#list")) {
  import("./listtools.js").then((part) => part.start());
  import("./builder.js").then((part) => part.start());
  import("./cells.js").then((part) => part.start());
}
if (document.querySelector("[data-fab-filter]")) import("./fab.js").then((part) => part.start());

if (document.querySelector("[data-record]")) import("./detail.js").then((part) => part.start());

/* What only some pages hold is loaded only there. */
const PARTS = [
  ["select[data-picker-url], select[data-pick-local], input[data-tags]", () => import("./picker.js")],
  ["textarea[data-rich]", () => import("./rich.js")],
  ["textarea[data-json]", () => import("./json.js")],
  ["[data-upload]", () => import("./files.js")],
  ["textarea[data-people]", () => import("./mention.js")],
  ["[data-color], input[data-scan]", () => import("./inputs.js")],
];
const dress = (root) => PARTS.forEach(([selector, load]) => {
  if (root.querySelector?.(selector)) load().then((part) => part.start(root));
});
dress(document);
document.addEventListener("sw:added", (event) => dress(event.detail));
document.addEventListener("htmx:afterSwap", (event) => dress(event.target));
