/* Starts each behaviour; every one is optional, and pages work as links and forms without any of them. */
import * as shell from "./shell.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as session from "./session.js";
import * as form from "./form.js";
import * as tabs from "./tabs.js";
import * as time from "./time.js";
import * as server from "./server.js";
import * as net from "./net.js";
import * as bell from "./bell.js";

[shell, keys, list, session, form, tabs, time, server, net, bell].forEach((part) => part.start());

/* What only some pages hold is loaded only there. */
const PAGES = [
  ["#list", () => import("./listtools.js")],
  ["#list", () => import("./builder.js")],
  ["#list", () => import("./cells.js")],
  ["[data-board], [data-tree]", () => import("./layouts.js")],
  ["[data-fab-filter]", () => import("./fab.js")],
  ["[data-record]", () => import("./detail.js")],
];
const pages = PAGES.map(async ([selector, load]) => {
  if (document.querySelector(selector)) await (await load()).start();
});
const PARTS = [
  ["[data-grid]", () => import("./grid.js")],
  ["form[data-live]", () => import("./live.js")],
  ["select[data-picker-url], select[data-pick-local], input[data-tags]", () => import("./picker.js")],
  ["textarea[data-rich]", () => import("./rich.js")],
  ["textarea[data-json]", () => import("./json.js")],
  ["textarea[data-rule]", () => import("./rule.js")],
  ["[data-upload]", () => import("./files.js")],
  ["textarea[data-people]", () => import("./mention.js")],
  ["[data-color], input[data-scan]", () => import("./inputs.js")],
];
const dress = (root) => Promise.all(PARTS.map(async ([selector, load]) => {
  if (root.querySelector?.(selector)) await (await load()).start(root);
}));
/* The guard looks first, and once more when the controls have dressed: what they change is no change of the person's. */
if (document.querySelector("form[data-guard]")) import("./guard.js").then((part) => part.start());
Promise.all([dress(document), ...pages]).then(() => {
  document.documentElement.dataset.dressed = "1";
  document.dispatchEvent(new Event("sw:dressed"));
});
document.addEventListener("sw:added", (event) => dress(event.detail));
document.addEventListener("htmx:afterSwap", (event) => dress(event.target));
