/* The connection: a banner while there is none, a bar while a request takes long, no form lost in between. */
import { one, say, text } from "./dom.js";
import { toast } from "./toasts.js";

const SLOW = 300;
let timer = 0;
let busy = 0;

const bar = (on) => {
  const line = one("#prog");
  if (line) line.hidden = !on;
};

const begin = () => { busy += 1; clearTimeout(timer); timer = setTimeout(() => bar(busy > 0), SLOW); };
const end = () => { busy = Math.max(0, busy - 1); if (!busy) { clearTimeout(timer); bar(false); } };

const connection = (announce) => {
  const banner = one("#offline");
  if (!banner) return;
  const was = banner.hidden;
  banner.hidden = navigator.onLine;
  if (announce && !was && banner.hidden) say(text("You are online again."));
};

/* A form sent without a connection would end on the browser's own error page: keep it here instead. */
const held = (event) => {
  if (navigator.onLine || event.defaultPrevented) return;
  event.preventDefault();
  event.stopPropagation();
  const form = event.target;
  const submitter = event.submitter;
  toast(text("You are offline. Nothing was sent, and nothing is lost."), {
    tone: "critical", action: { label: text("Retry"), run: () => form.requestSubmit(submitter) },
  });
};

export const start = () => {
  connection(false);
  navigator.serviceWorker?.register("/offline.js").catch(() => { /* a private window: no page is kept */ });
  window.addEventListener("online", () => connection(true));
  window.addEventListener("offline", () => connection(true));
  document.addEventListener("submit", held, true);
  document.addEventListener("submit", (event) => { if (!event.defaultPrevented && event.target.method !== "dialog") begin(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.button;
    if (!link || event.defaultPrevented || elsewhere || link.target || link.hasAttribute("download")) return;
    if (link.origin === location.origin && link.pathname + link.search !== location.pathname + location.search) begin();
  });
  document.addEventListener("htmx:beforeRequest", begin);
  ["htmx:afterRequest", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, end));
  window.addEventListener("pageshow", () => { busy = 0; bar(false); });
  window.addEventListener("beforeunload", () => setTimeout(() => { busy = 0; bar(false); }, 10000));
};
