/* A session that ends while a form is open: signing in happens over the page, and what was under way goes on. */
const HERE = "/me/session";

/** Ask for signing in over the page; true when the same person is signed in again. */
export const signIn = async () => (await import("./sign_in.js")).signIn();

const ended = (answer) => answer.status === 401
  || (answer.redirected && new URL(answer.url).pathname.startsWith(document.body.dataset.signIn));

/** Send a request; where the session has ended, let the person sign in and send it once more.
    `request` makes it anew, so that it carries the new token. */
export const alive = async (request) => {
  const answer = await request();
  return ended(answer) && (await signIn()) ? request() : answer;
};

/** Whether somebody is still signed in; a server that cannot be reached is no reason to ask. */
const isThere = async () => {
  try { return (await fetch(HERE, { credentials: "same-origin", cache: "no-store" })).status !== 401; } catch { return true; }
};

const kept = (form) => form.matches("form[data-guard], form:has(textarea)") && form.method === "post";

/* A form that would leave the page asks first whether the session lives. */
const first = async (event) => {
  const form = event.target;
  if (!navigator.onLine) return; // net.js keeps the form here
  if (!document.body.dataset.who || event.defaultPrevented || form.hasAttribute("hx-post") || !kept(form) || form.closest("dialog")) return;
  if (form.dataset.alive) { delete form.dataset.alive; return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.asking) return;
  form.dataset.asking = "1";
  const submitter = event.submitter;
  submitter?.setAttribute("aria-busy", "true");
  const goes = (await isThere()) || (await signIn());
  delete form.dataset.asking;
  submitter?.removeAttribute("aria-busy");
  if (!goes) return;
  form.dataset.alive = "1";
  form.requestSubmit(submitter);
};

export const start = () => document.addEventListener("submit", first, true);
