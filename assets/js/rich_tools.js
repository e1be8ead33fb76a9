/* The toolbar of the formatted text editor: one stop for Tab, arrows inside, pressed buttons tell the state. */
import { all, composing, icon, one, text } from "./dom.js";
import { chainCommands, lift, liftListItem, redo, setBlockType, toggleMark, undo, wrapIn, wrapInList } from "./prosemirror.js";
import { schema } from "./rich_schema.js";

const { marks, nodes } = schema;

const around = (state, type) => {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) if ($from.node(depth).type === type) return true;
  return false;
};

const marked = (state, type) => {
  const { from, to, empty, $from } = state.selection;
  if (empty) return Boolean(type.isInSet(state.storedMarks || $from.marks()));
  return state.doc.rangeHasMark(from, to, type);
};

const markTool = (name, picture, words) => ({
  picture, words, run: toggleMark(marks[name]), on: (state) => marked(state, marks[name]),
});

const blockTool = (name, picture, words) => ({
  picture,
  words,
  on: (state) => around(state, nodes[name]),
  run: (state, dispatch) => setBlockType(around(state, nodes[name]) ? nodes.paragraph : nodes[name])(state, dispatch),
});

const listTool = (name, picture, words) => ({
  picture,
  words,
  on: (state) => around(state, nodes[name]),
  run: (state, dispatch) => around(state, nodes[name])
    ? liftListItem(nodes.list_item)(state, dispatch) : wrapInList(nodes[name])(state, dispatch),
});

const groups = () => [
  [blockTool("h2", "h-2", text("Heading")), blockTool("h3", "h-3", text("Smaller heading"))],
  [
    markTool("strong", "bold", text("Bold")), markTool("em", "italic", text("Italic")),
    markTool("u", "underline", text("Underline")), markTool("s", "strikethrough", text("Strike through")),
  ],
  [
    listTool("bullet_list", "list", text("Bulleted list")), listTool("ordered_list", "list-numbers", text("Numbered list")),
    {
      picture: "blockquote",
      words: text("Quotation"),
      on: (state) => around(state, nodes.blockquote),
      run: (state, dispatch) => around(state, nodes.blockquote) ? lift(state, dispatch) : wrapIn(nodes.blockquote)(state, dispatch),
    },
    blockTool("pre", "code", text("Code")),
  ],
  [{ picture: "link", words: text("Link"), on: (state) => marked(state, marks.link), link: true }],
  [
    { picture: "clear-formatting", words: text("Clear formatting"), run: chainCommands(clear, lift) },
    { picture: "arrow-back-up", words: text("Undo"), run: undo },
    { picture: "arrow-forward-up", words: text("Redo"), run: redo },
  ],
];

function clear(state, dispatch) {
  const { from, to, empty } = state.selection;
  if (empty) return false;
  if (dispatch) {
    const change = state.tr;
    Object.values(marks).forEach((type) => change.removeMark(from, to, type));
    dispatch(change.setBlockType(from, to, nodes.paragraph).scrollIntoView());
  }
  return true;
}

/** Return {bar, show}: the toolbar, and what brings its buttons up to date with a state. */
export const toolbar = (label, view) => {
  const bar = document.createElement("div");
  bar.className = "rt-bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", text("Format {name}", { name: label }));
  const address = linkRow(view);
  const tools = [];
  groups().forEach((group) => {
    const box = document.createElement("div");
    group.forEach((tool) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "b b-g b-s b-i";
      button.title = tool.words;
      button.tabIndex = tools.length ? -1 : 0;
      button.setAttribute("aria-label", tool.words);
      if (tool.on) button.setAttribute("aria-pressed", "false");
      button.append(icon(tool.picture));
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => {
        if (tool.link) { address.open(); return; }
        tool.run(view().state, view().dispatch);
        view().focus();
      });
      tools.push({ ...tool, button });
      box.append(button);
    });
    bar.append(box);
  });
  bar.addEventListener("keydown", walk);
  return {
    bar,
    row: address.row,
    open: address.open,
    show: (state) => tools.forEach(({ on, run, button }) => {
      if (on) button.setAttribute("aria-pressed", String(on(state)));
      if (run) button.setAttribute("aria-disabled", String(!run(state)));
    }),
  };
};

const walk = (event) => {
  const every = all("button", event.currentTarget);
  const at = every.indexOf(event.target);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + every.length, Home: 0, End: every.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  every.forEach((each) => { each.tabIndex = -1; });
  const next = every[to % every.length];
  next.tabIndex = 0;
  next.focus();
};

/* Where a link is written: opens under the toolbar, with the link that the cursor stands in. */
const linkRow = (view) => {
  const row = document.createElement("div");
  row.className = "rt-link";
  row.hidden = true;
  row.innerHTML = `<label><span></span><input class="in" type="url" placeholder="https://"></label>
    <button type="button" class="b b-s"></button><button type="button" class="b b-s b-g"></button>`;
  const field = one("input", row);
  const [apply, remove] = all("button", row);
  one("span", row).textContent = text("Link address");
  apply.textContent = text("Apply");
  remove.textContent = text("Remove link");
  const close = () => { row.hidden = true; view().focus(); };
  const done = () => {
    const href = /^[a-z][a-z0-9+.-]*:/i.test(field.value.trim()) ? field.value.trim() : `https://${field.value.trim()}`;
    if (field.value.trim()) setLink(view(), href);
    close();
  };
  apply.addEventListener("click", done);
  remove.addEventListener("click", () => { setLink(view(), ""); close(); });
  field.addEventListener("input", (event) => event.stopPropagation());
  field.addEventListener("keydown", (event) => {
    if (composing(event) || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") done();
    else close();
  });
  const open = () => {
    field.value = linkAt(view().state);
    remove.hidden = !field.value;
    row.hidden = false;
    field.focus();
  };
  return { row, open };
};

const linkAt = (state) => {
  const { from, to, $from } = state.selection;
  let found = marks.link.isInSet($from.marks());
  state.doc.nodesBetween(from, to, (node) => { found = found || marks.link.isInSet(node.marks); });
  return found?.attrs.href || "";
};

/* Without a selection the whole link under the cursor is meant; without one either, the address is its own text. */
const setLink = (view, href) => {
  const { state } = view;
  let { from, to } = state.selection;
  if (from === to) {
    const { parent, parentOffset, pos } = state.selection.$from;
    parent.forEach((node, offset) => {
      const within = offset <= parentOffset && parentOffset <= offset + node.nodeSize;
      if (within && marks.link.isInSet(node.marks)) {
        from = pos - parentOffset + offset;
        to = from + node.nodeSize;
      }
    });
  }
  const change = state.tr;
  if (from === to && href) change.insert(from, schema.text(href, [marks.link.create({ href })]));
  else {
    change.removeMark(from, to, marks.link);
    if (href) change.addMark(from, to, marks.link.create({ href }));
  }
  view.dispatch(change);
};
