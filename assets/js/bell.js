/* The bell: its count is asked for after the page has been shown, and again each minute while somebody looks. */
import { one, say, text } from "./dom.js";

const EVERY = 60000;
const FRESH = 20000;
const KEY = "sw-unread";

const bell = () => one("[data-bell]");

const show = (count, announce) => {
  const button = bell();
  const before = Number(button.dataset.count || 0);
  button.dataset.count = count;
  const dot = one(".dot-n", button);
  dot.hidden = !count;
  dot.textContent = count > 99 ? "99+" : count;
  const words = count ? text("Notifications: {n} unread", { n: count }) : text("Notifications");
  button.setAttribute("aria-label", words);
  if (announce && count > before) say(words);
};

/* Pages of one tab share the last answer for some seconds, so that clicking around asks nothing. */
const kept = () => {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) || "null");
    return found && Date.now() - found.at < FRESH ? found.count : null;
  } catch { return null; }
};

const ask = async (announce) => {
  try {
    const answer = await fetch(bell().dataset.bell, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { unread } = await answer.json();
    try { sessionStorage.setItem(KEY, JSON.stringify({ count: unread, at: Date.now() })); } catch { /* private window */ }
    show(unread, announce);
  } catch { /* offline: the banner says so */ }
};

const open = async () => {
  const panel = one("[data-bell-panel]");
  try {
    const answer = await fetch(panel.dataset.bellPanel);
    if (!answer.ok) throw new Error(String(answer.status));
    panel.innerHTML = await answer.text();
    document.dispatchEvent(new CustomEvent("sw:times"));
    sessionStorage.removeItem(KEY);
    ask(false);
  } catch {
    location.assign(bell().href);
  }
};

/* Whoever opens or marks a notice has read it: the last answer no longer holds. */
const forget = (event) => {
  if (event.target.closest?.("a[href^='/me/notifications'], form[action^='/me/notifications']")) {
    try { sessionStorage.removeItem(KEY); } catch { /* private window */ }
  }
};

export const start = () => {
  if (!bell()) return;
  document.addEventListener("click", forget, true);
  document.addEventListener("submit", forget, true);
  const known = kept();
  if (known === null) ask(false); else show(known, false);
  setInterval(() => { if (document.visibilityState === "visible") ask(true); }, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && kept() === null) ask(true);
  });
  bell().closest(".dropdown").addEventListener("show.bs.dropdown", open);
};
