/* JSON with colours, line numbers and the exact place of a mistake, over `textarea[data-json]`.
   CodeMirror writes its own style sheet; inside a shadow root that is an adopted sheet, which the content
   policy allows. Colours are the page's own tokens, which reach inside. Tab leaves the editor. */
import { all, text } from "./dom.js";
import {
  bracketMatching, defaultKeymap, EditorState, EditorView, highlightActiveLine, highlightActiveLineGutter, HighlightStyle,
  history, historyKeymap, indentOnInput, json, jsonParseLinter, keymap, linter, lineNumbers, lintGutter, syntaxHighlighting, tags,
} from "./codemirror.js";

const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--ax-text)", backgroundColor: "var(--ax-surface)", border: "1px solid var(--ax-field)", borderRadius: "7px" },
  "&.cm-focused": { outline: "1px solid var(--ax-accent)", borderColor: "var(--ax-accent)" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", lineHeight: "1.5", maxHeight: "420px", overflow: "auto", borderRadius: "7px" },
  ".cm-content": { minHeight: "110px", padding: "6px 0", caretColor: "var(--ax-text)" },
  ".cm-cursor": { borderInlineStartColor: "var(--ax-text)" },
  ".cm-gutters": { backgroundColor: "var(--ax-sunken)", color: "var(--ax-text-2)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--ax-accent) 7%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "var(--ax-sel) !important", outline: "1px solid var(--ax-field)" },
  ".cm-tooltip": { backgroundColor: "var(--ax-surface)", color: "var(--ax-text)", border: "1px solid var(--ax-border)" },
  ".cm-diagnostic-error": { borderInlineStart: "3px solid var(--ax-danger)" },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--ax-info-t)" },
  { tag: tags.string, color: "var(--ax-success-t)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--ax-warning-t)" },
]);

/* The browser's own words are English and differ between browsers; the place in them is what counts. */
const check = jsonParseLinter();
const faults = (view) => {
  if (!view.state.doc.toString().trim()) return [];
  return check(view).map((fault) => {
    const line = view.state.doc.lineAt(fault.from);
    const message = text("This is no JSON: line {line}, column {column}.", { line: line.number, column: fault.from - line.from + 1 });
    return { ...fault, message, from: Math.max(line.from, Math.min(fault.from, line.to - 1)), to: line.to };
  });
};

const connect = (area) => {
  if (area.dataset.json === "on" || area.closest("template")) return;
  area.dataset.json = "on";
  const host = document.createElement("div");
  host.className = "cm-host";
  area.before(host);
  const told = document.createElement("p");
  told.className = "help cm-told";
  told.setAttribute("role", "status");
  host.after(told);
  const label = area.getAttribute("aria-label") || area.labels?.[0]?.firstChild.textContent.trim() || "";
  const about = { "aria-label": label };
  if (area.getAttribute("aria-invalid")) about["aria-invalid"] = "true";
  if (area.getAttribute("aria-required")) about["aria-required"] = "true";
  const tell = (view) => { told.textContent = faults(view)[0]?.message || ""; };
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), history(), bracketMatching(), indentOnInput(),
        json(), syntaxHighlighting(colours), linter(faults, { delay: 400 }), lintGutter(), look, EditorView.lineWrapping,
        keymap.of([...defaultKeymap, ...historyKeymap]), EditorView.contentAttributes.of(about),
        EditorState.readOnly.of(area.readOnly),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          area.dispatchEvent(new Event("input", { bubbles: true }));
          clearTimeout(view.timer);
          view.timer = setTimeout(() => tell(view), 600);
        }),
      ],
    }),
  });
  area.classList.add("rt-source");
  area.tabIndex = -1;
  area.setAttribute("aria-hidden", "true");
  area.addEventListener("focus", () => view.focus());
  area.labels?.[0]?.addEventListener("click", () => view.focus());
  tell(view);
};

export const start = (root = document) => all("textarea[data-json]", root).forEach(connect);
