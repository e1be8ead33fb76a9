/* Signing in over the page, in a dialog: it holds whatever the sign-in page asks for, step by step, so a second
   factor works as it does there. Loaded when a session has ended. */
import { all, composing, one, text } from "./dom.js";
import { toast } from "./toasts.js";

const HERE = "/me/session";
const signInPage = () => document.body.dataset.signIn;
let waiting = null;

const json = (answer) => answer.ok && (answer.headers.get("Content-Type") || "").includes("json");

/* The form of the sign-in page, its ids told apart from those of the page below. */
const parts = (html) => {
  const found = new DOMParser().parseFromString(html, "text/html");
  const card = found.querySelector("main .card-ax");
  if (!card?.querySelector("form")) return null;
  const renamed = (names) => names.split(" ").map((name) => `in-${name}`).join(" ");
  all("[id]", card).forEach((node) => { node.id = renamed(node.id); });
  ["for", "aria-describedby", "aria-controls", "aria-labelledby"].forEach((name) =>
    all(`[${name}]`, card).forEach((node) => node.setAttribute(name, renamed(node.getAttribute(name)))));
  card.querySelector("h1")?.remove();
  return [...card.children];
};

/* Every token on the page is the old session's. */
const renew = ({ csrf }) => {
  one("meta[name=csrf-token]").content = csrf;
  all("input[name=csrf_token]").forEach((field) => { field.value = csrf; });
  ["hx-headers", "hx-headers:inherited"].forEach((name) => document.body.setAttribute(name, JSON.stringify({ "X-CSRFToken": csrf })));
};

const opened = () => {
  const dialog = document.createElement("dialog");
  dialog.className = "dg sign-in";
  dialog.setAttribute("aria-labelledby", "sign-in-title");
  const head = dialog.appendChild(document.createElement("header"));
  const title = head.appendChild(document.createElement("h2"));
  title.id = "sign-in-title";
  title.textContent = text("Your session has ended.");
  const body = dialog.appendChild(document.createElement("div"));
  body.className = "bd";
  const words = body.appendChild(document.createElement("p"));
  words.textContent = text("Sign in and go on where you were; nothing is lost.");
  const step = body.appendChild(document.createElement("div"));
  const close = body.appendChild(document.createElement("button"));
  close.type = "button";
  close.className = "b b-g";
  close.textContent = text("Cancel");
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  return { dialog, step };
};

/** Ask for signing in over the page; true when the same person is signed in again. */
export const signIn = () => {
  waiting ??= new Promise((done) => {
    const back = document.activeElement;
    const { dialog, step } = opened();
    let address = `${signInPage()}?next=${HERE}`;
    let again = false;

    const settled = (found) => {
      renew(found);
      again = String(found.id) === document.body.dataset.who;
      if (!again) toast(text("You are signed in as {name} now. Send the form again if you mean to.", found), { tone: "warning" });
      dialog.close();
    };
    const show = async (answer) => {
      if (json(answer)) { settled(await answer.json()); return; }
      const fresh = parts(await answer.text());
      if (!fresh) {
        const probe = await fetch(HERE, { credentials: "same-origin" });
        if (json(probe)) settled(await probe.json());
        else location.assign(signInPage());
        return;
      }
      address = answer.url || address;
      step.replaceChildren(...fresh);
      (one("[aria-invalid=true]", step) || one("input:not([type=hidden])", step))?.focus();
    };
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const form = event.target;
      if (form.dataset.sent) return;
      form.dataset.sent = "1";
      event.submitter?.setAttribute("aria-busy", "true");
      try {
        await show(await fetch(address, { method: "POST", body: new FormData(form), credentials: "same-origin" }));
      } catch { toast(text("The server cannot be reached."), { tone: "critical" }); }
      delete form.dataset.sent;
      event.submitter?.removeAttribute("aria-busy");
    });
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape" && composing(event)) event.preventDefault(); });
    dialog.addEventListener("close", () => { dialog.remove(); waiting = null; back?.focus?.(); done(again); });
    fetch(address, { credentials: "same-origin" }).then(async (answer) => { await show(answer); if (dialog.isConnected) dialog.showModal(); })
      .catch(() => { toast(text("The server cannot be reached."), { tone: "critical" }); dialog.remove(); waiting = null; done(false); });
  });
  return waiting;
};
