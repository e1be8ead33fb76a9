/* Formatted text: an editor over `textarea[data-rich]`, which keeps the HTML that is sent.
   Nothing is written back until the person changes something, so opening a form changes nothing. Tab leaves
   the editor (no keyboard trap); ProseMirror itself takes care of input methods. */
import { all } from "./dom.js";
import {
  baseKeymap, chainCommands, DOMParser, DOMSerializer, EditorState, EditorView, exitCode, history, inputRules, keymap,
  liftListItem, redo, sinkListItem, splitListItem, tableEditing, textblockTypeInputRule, toggleMark, undo, wrappingInputRule,
} from "./prosemirror.js";
import { schema } from "./rich_schema.js";
import { toolbar } from "./rich_tools.js";

const { marks, nodes } = schema;

const breakLine = chainCommands(exitCode, (state, dispatch) => {
  if (dispatch) dispatch(state.tr.replaceSelectionWith(nodes.br.create()).scrollIntoView());
  return true;
});

const keys = (openLink) => ({
  "Mod-z": undo, "Mod-y": redo, "Shift-Mod-z": redo,
  "Mod-b": toggleMark(marks.strong), "Mod-i": toggleMark(marks.em), "Mod-u": toggleMark(marks.u),
  "Shift-Enter": breakLine, Enter: splitListItem(nodes.list_item),
  "Mod-]": sinkListItem(nodes.list_item), "Mod-[": liftListItem(nodes.list_item),
  Escape: (state, dispatch, view) => { view.dom.blur(); return true; },
  "Shift-Mod-k": () => { openLink(); return true; },
});

const rules = inputRules({ rules: [
  wrappingInputRule(/^\s*([-*])\s$/, nodes.bullet_list),
  wrappingInputRule(/^(\d+)\.\s$/, nodes.ordered_list, (found) => ({ order: Number(found[1]) })),
  wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
  textblockTypeInputRule(/^##\s$/, nodes.h2),
  textblockTypeInputRule(/^###\s$/, nodes.h3),
] });

const parsed = (html) => {
  const holder = new window.DOMParser().parseFromString(html, "text/html").body;
  return DOMParser.fromSchema(schema).parse(holder);
};

const written = (doc) => {
  if (!doc.textContent.trim() && doc.childCount === 1) return "";
  const holder = document.createElement("div");
  holder.append(DOMSerializer.fromSchema(schema).serializeFragment(doc.content));
  return holder.innerHTML;
};

const connect = (area) => {
  if (area.dataset.rich === "on" || area.closest("template")) return;
  area.dataset.rich = "on";
  const label = area.getAttribute("aria-label") || area.labels?.[0]?.firstChild.textContent.trim() || "";
  const box = document.createElement("div");
  box.className = "rte";
  let view = null;
  const tools = toolbar(label, () => view);
  const state = EditorState.create({
    doc: parsed(area.value),
    plugins: [rules, keymap(keys(() => tools.open())), keymap(baseKeymap), history(), tableEditing()],
  });
  const about = { role: "textbox", "aria-multiline": "true", "aria-label": label, class: "rich rt-text" };
  ["aria-describedby", "aria-invalid", "aria-required", "lang"].forEach((name) => {
    if (area.hasAttribute(name)) about[name] = area.getAttribute(name);
  });
  box.append(tools.bar, tools.row);
  view = new EditorView({ mount: box.appendChild(document.createElement("div")) }, {
    state,
    attributes: about,
    dispatchTransaction(change) {
      view.updateState(view.state.apply(change));
      tools.show(view.state);
      if (!change.docChanged) return;
      area.value = written(view.state.doc);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  area.before(box);
  area.classList.add("rt-source");
  area.tabIndex = -1;
  area.setAttribute("aria-hidden", "true");
  area.addEventListener("focus", () => view.focus());
  area.labels?.[0]?.addEventListener("click", () => view.focus());
  tools.show(view.state);
};

export const start = (root = document) => all("textarea[data-rich]", root).forEach(connect);
