/* What every module needs: short selectors, the page's texts, the live region, cookies, "is someone typing?". */
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const texts = JSON.parse(document.body?.dataset.texts || "{}");

/** The page's language for `key` (English), with {name} replaced; the server sends the catalogue. */
export const text = (key, values = {}) =>
  (texts[key] || key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** What only an opened menu or dialog shows stands in a template till then: a page is light before. */
export const unpack = (holder) => {
  const packed = one(":scope > template", holder);
  if (!packed) return;
  packed.replaceWith(packed.content);
  holder.dispatchEvent(new CustomEvent("sw:unpacked", { bubbles: true }));
};

/** Tell a screen reader, without moving focus. */
export const say = (message) => {
  const live = one("#live");
  if (!live) return;
  live.textContent = "";
  setTimeout(() => { live.textContent = message; }, 30);
};

/** An input method is composing: no shortcut, search or submit may fire (229 is Safari's sign). */
export const composing = (event) => event.isComposing || event.keyCode === 229;

/** The key belongs to a field, not to a shortcut. */
export const typing = (event) => {
  const at = event.composedPath()[0] || event.target; /* an editor may live in a shadow root */
  const field = /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && !/^(checkbox|radio|button|submit)$/.test(at.type);
  return composing(event) || field || at.isContentEditable;
};

/** Return a picture of the sprite, as `ui.icon` draws it. */
export const icon = (name) => {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("class", "ic");
  drawn.setAttribute("aria-hidden", "true");
  const use = drawn.appendChild(document.createElementNS(space, "use"));
  use.setAttribute("href", `${new URL("./sprite.svg", import.meta.url).pathname}#i-${name}`);
  return drawn;
};

/** Remember a preference for a year; the server reads it when it renders the next page. */
export const remember = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax${secure}`;
};
