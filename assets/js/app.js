/* Starts each behaviour; every one is optional, and pages work as links and forms without any of them. */
import * as shell from "./shell.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as form from "./form.js";
import * as tabs from "./tabs.js";
import * as time from "./time.js";
import * as server from "./server.js";

[shell, keys, list, tabs, time, server].forEach((part) => part.start());
/* The grid drops its empty rows first: what it changes at the start is no change of the person's. */
if (document.querySelector("[data-grid]")) import("./grid.js").then((part) => { part.start(); form.start(); });
else form.start();
if (document.querySelector("[data-fab-filter]")) import("./fab.js").then((part) => part.start());

const pick = (root) => {
  if (root.querySelector("select[data-picker-url]")) import("./picker.js").then((part) => part.start(root));
};
pick(document);
document.addEventListener("sw:added", (event) => pick(event.detail));
document.addEventListener("htmx:afterSwap", (event) => pick(event.target));
