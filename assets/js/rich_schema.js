/* What formatted text may hold: the same tags that the server keeps (generator/field_types/rich_text.py). */
import { addListNodes, Schema, tableNodes } from "./prosemirror.js";

const block = (tag, options = {}) => ({
  content: "inline*", group: "block", parseDOM: [{ tag }], toDOM: () => [tag, 0], ...options,
});

const HEADINGS = [2, 3, 4];
const headings = Object.fromEntries(HEADINGS.map((level) => [`h${level}`, block(`h${level}`, {
  defining: true,
  parseDOM: [{ tag: `h${level}` }, ...(level === 2 ? [{ tag: "h1" }] : level === 4 ? [{ tag: "h5" }, { tag: "h6" }] : [])],
})]));

const nodes = {
  doc: { content: "block+" },
  paragraph: block("p"),
  ...headings,
  blockquote: block("blockquote", { content: "block+", defining: true }),
  pre: block("pre", {
    content: "text*", marks: "", code: true, defining: true, parseDOM: [{ tag: "pre", preserveWhitespace: "full" }],
  }),
  hr: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  text: { group: "inline" },
  br: { inline: true, group: "inline", selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
};

const mark = (tag, ...others) => ({
  parseDOM: [tag, ...others].map((name) => ({ tag: name })), toDOM: () => [tag, 0],
});

const marks = {
  link: {
    attrs: { href: {}, title: { default: null } },
    inclusive: false,
    parseDOM: [{
      tag: "a[href]", getAttrs: (dom) => ({ href: dom.getAttribute("href"), title: dom.getAttribute("title") }),
    }],
    toDOM: ({ attrs }) => ["a", { href: attrs.href, title: attrs.title }, 0],
  },
  strong: mark("strong", "b"),
  em: mark("em", "i"),
  u: mark("u"),
  s: mark("s", "del", "strike"),
  sub: { ...mark("sub"), excludes: "sup" },
  sup: { ...mark("sup"), excludes: "sub" },
  code: mark("code"),
};

const plain = new Schema({ nodes, marks });
const listed = addListNodes(plain.spec.nodes, "paragraph block*", "block");
/* Columns are as wide as their text: the server keeps no widths. */
const cells = tableNodes({ tableGroup: "block", cellContent: "block+", cellAttributes: {} });

export const schema = new Schema({ nodes: listed.append(cells), marks: plain.spec.marks });
