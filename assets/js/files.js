/* Files and pictures of a form: drop and paste, a look at what was chosen, its size before it is sent, and a cut
   to the wanted proportions. Whatever happens here, the file stands in the input itself and leaves with the form. */
import { all, icon, one, say, text } from "./dom.js";
import { crop } from "./crop.js";

const MEGABYTE = 1000000;

const size = (bytes) => {
  const [amount, unit] = bytes < 1000 ? [bytes, "B"] : bytes < MEGABYTE ? [bytes / 1000, "KB"] : [bytes / MEGABYTE, "MB"];
  return `${new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(amount)} ${unit}`;
};

const accepted = (input, file) => {
  const wanted = (input.accept || "").split(",").map((each) => each.trim().toLowerCase()).filter(Boolean);
  if (!wanted.length) return true;
  const name = file.name.toLowerCase();
  return wanted.some((each) => each.startsWith(".") ? name.endsWith(each)
    : each.endsWith("/*") ? file.type.startsWith(each.slice(0, -1)) : file.type === each);
};

const put = (input, file) => {
  const carrier = new DataTransfer();
  if (file) carrier.items.add(file);
  input.files = carrier.files;
};

const read = (file) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => done(reader.result));
  reader.addEventListener("error", failed);
  reader.readAsDataURL(file);
});

const button = (words, picture, run) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "b b-s";
  made.append(icon(picture), words);
  made.addEventListener("click", run);
  return made;
};

const connect = (box) => {
  if (box.dataset.ready || box.closest("template")) return;
  box.dataset.ready = "1";
  const input = one("input[type=file]", box);
  const fresh = one("[data-new]", box);
  const held = one("[data-held]", box);
  const most = Number(box.dataset.maxSize || 0);
  const aspect = (box.dataset.aspect || "").split(":").map(Number);

  const wrong = (file) => {
    if (!accepted(input, file)) return text("This type of file is not taken here.");
    if (most && file.size > most) return text("The file is larger than {size}.", { size: size(most) });
    return "";
  };

  const show = async (file, fault = "") => {
    fresh.replaceChildren();
    fresh.hidden = !file && !fault;
    held?.classList.toggle("old", Boolean(file));
    if (fault) {
      const line = document.createElement("p");
      line.className = "err";
      line.setAttribute("role", "alert");
      line.append(icon("alert-circle"), fault);
      fresh.append(line);
      return;
    }
    if (!file) return;
    if (file.type.startsWith("image/")) {
      const picture = document.createElement("img");
      picture.className = "thumb big";
      picture.alt = file.name;
      picture.src = await read(file);
      if (input.files[0] !== file) return; /* it was cut or left meanwhile, and that is shown */
      fresh.append(picture);
    }
    const words = document.createElement("span");
    words.className = "up-n";
    words.textContent = `${file.name} `;
    const amount = words.appendChild(document.createElement("span"));
    amount.className = "t2";
    amount.textContent = size(file.size);
    fresh.append(words);
    if (box.dataset.upload === "image" && aspect.length === 2 && file.type !== "image/gif") fresh.append(button(text("Crop"), "crop", () => cut(input.files[0])));
    fresh.append(button(text("Do not use it"), "x", () => { put(input, null); changed(); input.focus(); }));
    say(`${file.name} ${size(file.size)}`);
  };

  const changed = () => {
    show(input.files[0]);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const cut = async (file) => {
    const made = await crop(await read(file), aspect[0] / aspect[1], file);
    if (made) { put(input, made); changed(); }
  };

  const take = (file) => {
    const fault = wrong(file);
    if (fault) { put(input, null); show(null, fault); input.dispatchEvent(new Event("input", { bubbles: true })); return; }
    put(input, file);
    changed();
    if (aspect.length === 2 && file.type.startsWith("image/") && file.type !== "image/gif") cut(file);
  };

  input.addEventListener("input", (event) => {
    if (!event.isTrusted || !input.files[0]) { show(input.files[0]); return; }
    take(input.files[0]);
  });
  ["dragenter", "dragover"].forEach((name) => box.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    box.classList.add("over");
  }));
  ["dragleave", "drop"].forEach((name) => box.addEventListener(name, () => box.classList.remove("over")));
  box.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  box.addEventListener("sw:file", (event) => take(event.detail));
};

/* A picture that is pasted goes to the upload in which the cursor stands, else to the only one of the page. */
const paste = (event) => {
  const file = [...(event.clipboardData?.files || [])].find((each) => each.type.startsWith("image/"));
  if (!file) return;
  const boxes = all("[data-upload=image]").filter((each) => !each.closest("template"));
  const box = event.target.closest?.("[data-upload]") || (boxes.length === 1 && !event.target.isContentEditable ? boxes[0] : null);
  if (!box) return;
  event.preventDefault();
  box.dispatchEvent(new CustomEvent("sw:file", { detail: file }));
};

let listening = false;
export const start = (root = document) => {
  all("[data-upload]", root).forEach(connect);
  if (!listening) document.addEventListener("paste", paste);
  listening = true;
};
