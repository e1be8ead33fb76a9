/* A record's page: a card turns into its form and back, files are sent with a bar, comments name people. */
import { all, composing, one, say, text } from "./dom.js";
import { toast } from "./toasts.js";

const GROUP = new Map();
/** The cards as they were, by id: cancelling puts the card back without asking the server. */

const cancel = (form) => {
  const card = form.closest(".card-edit");
  const before = GROUP.get(card?.id);
  if (!before) return false;
  card.replaceWith(before);
  window.htmx?.process(before);
  one("[hx-get]", before)?.focus();
  document.body.classList.remove("dirty");
  return true;
};

const upload = (form) => {
  const bar = one("progress", form);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  bar.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = Math.round((100 * event.loaded) / event.total);
  });
  request.addEventListener("load", () => {
    if (request.status < 400) location.reload();
    else {
      bar.hidden = true;
      delete form.dataset.sent;
      all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
      toast(text(request.status === 413 ? "The file is too large." : "Something went wrong on the server."), { tone: "critical" });
    }
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    delete form.dataset.sent;
    toast(text("The server cannot be reached."), { tone: "critical" });
  });
  request.send(new FormData(form));
  say(text("Uploading…"));
};

/* A masked value is shown in its place till the page is left; the log tells of it. */
const reveal = async (link) => {
  const { open } = await import("./drawer.js");
  const found = await open(`${link.href}&_drawer=1`);
  if (!found) return;
  const shown = document.createElement("span");
  shown.className = "mono shown";
  shown.tabIndex = -1;
  shown.textContent = found.value;
  link.closest(".masked").replaceChildren(shown);
  shown.focus();
  say(`${found.label}: ${found.value}`);
};

/* A step that asks something does so over the record; the record is shown anew when it was taken, or when somebody was faster. */
const step = async (link) => {
  const { open } = await import("./drawer.js");
  const done = await open(`${link.href}&_drawer=1`);
  if (done?.url) location.assign(done.url);
};

/* A value that is clicked twice is edited in its card, as a cell of a list is. */
let wanted = "";
const editValue = (event) => {
  const value = event.target.closest("dd[data-name]");
  if (!value || event.target.closest("a, button, input, form")) return;
  const way = one(`#open-${CSS.escape(value.closest("section[id^=card-]")?.id.slice(5) || "-")}`);
  if (!way) return;
  wanted = value.dataset.name;
  window.getSelection()?.removeAllRanges();
  way.click();
};

export const start = () => {
  document.addEventListener("dblclick", editValue);
  document.addEventListener("click", (event) => {
    const way = event.target.closest("a[data-step]");
    if (way && !event.metaKey && !event.ctrlKey) { event.preventDefault(); step(way); }
    const link = event.target.closest("a[data-reveal]");
    if (link && !event.metaKey && !event.ctrlKey) { event.preventDefault(); reveal(link); }
    const back = event.target.closest("[data-card-cancel]");
    if (back && cancel(back.closest("form"))) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || composing(event) || event.defaultPrevented) return;
    const form = event.target.closest?.("form[data-card]");
    if (form && cancel(form)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-attach]") || event.defaultPrevented) return;
    event.preventDefault();
    upload(form);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const card = event.detail.target;
    if (card?.matches?.(".card-ax[id^=card-]:not(.card-edit)")) GROUP.set(card.id, card);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const card = one(".card-edit");
    if (card && event.detail.elt?.id === card.id) {
      const meant = wanted && one(`[name="${CSS.escape(wanted)}"]:not([type=hidden])`, card);
      wanted = "";
      const first = one(".errs", card) || meant || one("input:not([type=hidden]), select, textarea", card);
      first?.focus();
      document.dispatchEvent(new CustomEvent("sw:added", { detail: card }));
    } else if (event.detail.elt?.id === "main") {
      const was = event.detail.requestConfig?.elt?.id?.replace(/^edit-/, "open-");
      (was && document.getElementById(was))?.focus({ preventScroll: true });
      const told = one(".flashes");
      if (told) say(told.textContent.trim());
    }
  });
};
