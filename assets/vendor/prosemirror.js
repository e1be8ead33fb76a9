/* The parts of ProseMirror that `js/rich.js` uses, in one file. */
export { baseKeymap, chainCommands, exitCode, lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
export { history, redo, undo } from "prosemirror-history";
export { inputRules, textblockTypeInputRule, wrappingInputRule } from "prosemirror-inputrules";
export { keymap } from "prosemirror-keymap";
export { DOMParser, DOMSerializer, Schema } from "prosemirror-model";
export { addListNodes, liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
export { EditorState } from "prosemirror-state";
export { tableEditing, tableNodes } from "prosemirror-tables";
export { EditorView } from "prosemirror-view";
