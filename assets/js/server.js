/* htmx: a failed request leaves the page as it is and says so, with Retry. */
import { text } from "./dom.js";
import { signIn } from "./session.js";
import { toast } from "./toasts.js";

const again = (request) => request.elt.matches("form") ? request.elt.requestSubmit() : window.htmx.ajax(request.verb, request.path, {
  source: request.elt, target: request.target, values: request.unfilteredParameters ?? request.parameters,
});

/** What a status means for the person. */
export const words = (status) => {
  if (!status) return text("The server cannot be reached.");
  if (status === 401) return text("Your session has ended.");
  if (status === 403) return text("You are not allowed to do this.");
  if (status === 409) return text("Someone else changed this record meanwhile.");
  if (status === 404) return text("This is not there any more.");
  if (status === 413) return text("This is too large to be sent.");
  if (status === 503) return text("The server is busy. Try again in a moment.");
  if (status === 429) return text("Too many requests. Wait a moment.");
  return text("Something went wrong on the server.");
};

const failed = (event) => {
  const { xhr, requestConfig } = event.detail;
  const status = xhr?.status || 0;
  const reference = xhr?.getResponseHeader?.("X-Request-Id");
  const message = words(status) + (reference ? ` (${reference})` : "");
  if (status === 401) {
    const go = requestConfig && { label: text("Sign in"), run: async () => { if (await signIn()) again(requestConfig); } };
    if (requestConfig?.elt.matches("form")) go.run();
    else toast(message, { tone: "critical", action: go || { label: text("Sign in"), href: document.body.dataset.signIn } });
    return;
  }
  const retry = requestConfig && { label: text("Retry"), run: () => again(requestConfig) };
  toast(message, { tone: "critical", action: retry });
};

export const start = () => {
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, failed));
  document.addEventListener("sw:toast", (event) => toast(event.detail.message ?? event.detail.value, event.detail));
};
