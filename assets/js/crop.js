/* Cutting a picture to fixed proportions in a dialog; cropperjs does the dragging, a canvas the cutting. */
import { one, text } from "./dom.js";

const STEP = 10;
const LONGEST = 2400;

const needed = (address, tag) => new Promise((done, failed) => {
  const known = one(`[data-needed="${address}"]`);
  if (known) { done(); return; }
  const made = document.createElement(tag);
  made.dataset.needed = address;
  if (tag === "link") { made.rel = "stylesheet"; made.href = address; } else made.src = address;
  made.addEventListener("load", done);
  made.addEventListener("error", failed);
  document.head.append(made);
});

const dialog = () => {
  const made = document.createElement("dialog");
  made.className = "dg crop";
  made.setAttribute("aria-labelledby", "crop-title");
  made.innerHTML = `<header><h2 id="crop-title"></h2></header><div class="bd"><div class="crop-at"><img alt=""></div>
    <p class="help"></p></div><footer><button type="button" class="b"></button><button type="button" class="b b-p"></button></footer>`;
  one("h2", made).textContent = text("Crop the picture");
  one(".help", made).textContent = text("Drag to choose the part; arrow keys move it, + and − change its size.");
  const [leave, use] = made.querySelectorAll("footer button");
  leave.textContent = text("Cancel");
  use.textContent = text("Use this part");
  document.body.append(made);
  return { made, leave, use };
};

const keys = (cropper) => (event) => {
  const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
  const factor = { "+": 1.1, "=": 1.1, "-": 0.9, "−": 0.9 }[event.key];
  if (!move && !factor) return;
  event.preventDefault();
  const box = cropper.getCropBoxData();
  cropper.setCropBoxData(move ? { left: box.left + move[0], top: box.top + move[1] } : { width: box.width * factor });
};

/** Let a person cut a picture; return the new file, or null when they leave it. */
export const crop = async (address, proportion, file) => {
  await Promise.all([
    needed(new URL("./cropper.css", import.meta.url).href, "link"),
    needed(new URL("./cropper.js", import.meta.url).href, "script"),
  ]);
  const { made, leave, use } = dialog();
  const picture = one("img", made);
  picture.src = address;
  await picture.decode().catch(() => null);
  if (!picture.naturalWidth) { made.remove(); return null; }
  made.showModal();
  use.disabled = true; /* until there is a part to use */
  const cropper = new window.Cropper(picture, {
    aspectRatio: proportion, viewMode: 1, autoCropArea: 1, checkOrientation: false, background: false, zoomOnWheel: false,
    ready: () => { use.disabled = false; use.focus(); },
  });
  made.addEventListener("keydown", keys(cropper));
  const part = await new Promise((done) => {
    use.addEventListener("click", () => done(cropper.getCroppedCanvas({ maxWidth: LONGEST, maxHeight: LONGEST })));
    leave.addEventListener("click", () => done(null));
    made.addEventListener("close", () => done(null));
  });
  const type = file.type === "image/jpeg" ? "image/jpeg" : file.type === "image/webp" ? "image/webp" : "image/png";
  const blob = part && await new Promise((done) => { part.toBlob(done, type, 0.92); });
  cropper.destroy();
  made.remove();
  return blob ? new File([blob], file.name, { type }) : null;
};
