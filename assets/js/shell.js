/* The shell: drawer on small screens, dialogs, copy, theme, density, password eye, shortcuts on or off. */
import { all, one, remember, say, text, unpack } from "./dom.js";
import { toast } from "./toasts.js";

const root = document.documentElement;

const drawer = (open) => {
  const button = one(".menu-btn");
  document.body.classList.toggle("nav-open", open);
  button?.setAttribute("aria-expanded", String(open));
  if (open) one(".side a")?.focus();
  else if (document.activeElement?.closest(".side")) button?.focus();
};

/* A preference also goes to the account, so that it follows the person to other browsers. */
const keep = (name, value) => {
  remember(name, value);
  const address = document.body.dataset.preferences;
  if (!address) return;
  const body = new URLSearchParams({ [name]: value, quiet: "1" });
  const token = one("meta[name=csrf-token]").content;
  fetch(address, { method: "POST", body, keepalive: true, redirect: "manual", headers: { "X-CSRFToken": token } }).catch(() => {});
};

const theme = (choice) => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.bsTheme = choice === "system" ? (dark ? "dark" : "light") : choice;
  if (root.dataset.theme !== choice || choice !== "system") keep("theme", choice);
  root.dataset.theme = choice;
  all("[data-act=theme]").forEach((b) => b.setAttribute("aria-pressed", String(b.value === choice)));
  document.dispatchEvent(new CustomEvent("sw:theme", { detail: root.dataset.bsTheme }));
};

const signOut = () => one("form[data-sign-out]")?.requestSubmit();
const PALETTE = { theme: (choice) => theme(choice), help: () => openDialog("help"), "sign-out": signOut };

const openDialog = (id) => {
  if (id === "search" && one("#search [data-palette]")) {
    const box = one("#search");
    if (box.open) return;
    /* at once: what somebody types while the rest is fetched must not be lost */
    box.showModal();
    const field = one("[role=combobox]", box);
    field.focus();
    field.select();
    import("./palette.js").then((part) => part.open(PALETTE));
    return;
  }
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  unpack(dialog);
  dialog.showModal();
  one("[autofocus]", dialog)?.focus();
};

const copy = async (value) => {
  try {
    await navigator.clipboard.writeText(value);
    toast(text("Copied"));
  } catch {
    toast(text("The browser did not allow copying."), { tone: "critical" });
  }
};

const reveal = (button) => {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  if (!field) return;
  const show = field.type === "password";
  field.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
};

const ACTS = {
  nav: () => drawer(!document.body.classList.contains("nav-open")),
  theme: (control) => theme(control.value),
  dialog: (control) => openDialog(control.dataset.dialog),
  close: (control) => control.closest("dialog")?.close(),
  copy: (control) => copy(control.dataset.value || location.href),
  reveal,
  print: () => window.print(),
  dismiss: (control) => control.closest("[data-dismissable]")?.remove(),
  density: (control) => {
    const compact = document.body.classList.toggle("compact");
    control.setAttribute("aria-pressed", String(compact));
    keep("density", compact ? "compact" : "normal");
  },
  keys: (control) => {
    root.dataset.keys = control.checked ? "on" : "off";
    keep("keys", root.dataset.keys);
    say(control.checked ? text("Shortcuts are on") : text("Shortcuts are off"));
  },
};

/** Connect everything that carries `data-act`, now and after any swap. */
export const start = () => {
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-act]");
    if (control && Object.hasOwn(ACTS, control.dataset.act)) {
      if (control.tagName === "A" || control.type === "submit") event.preventDefault();
      ACTS[control.dataset.act](control);
    } else if (event.target.matches(".scrim")) drawer(false);
    else if (event.target.matches("dialog[open]")) event.target.close();
  });
  document.addEventListener("show.bs.dropdown", (event) => unpack(one(".dropdown-menu", event.target.parentNode)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (root.dataset.theme === "system") theme("system");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("nav-open")) drawer(false);
  });
  const visited = document.body.dataset.visited;
  if (visited) {
    const token = one("meta[name=csrf-token]").content;
    fetch(visited, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token } }).catch(() => {});
  }
  one(".stp [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  one(".tabs [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
};

export { openDialog };
