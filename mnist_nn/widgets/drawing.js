// A digit drawn by hand: what the network sees of it, what it says, and what that hangs on.
import {
  affineBackward,
  argmax,
  backward,
  centerDigit,
  drawLine,
  forward,
  softmax,
  zeros,
} from "./maths.js";
import { bars, button, choice, element, inflated, number, picture, store } from "./parts.js";

const SIDE = 140; // pixels of the paper: five for one of MNIST
const PEN = 12; // pixels; strokes of MNIST are an eighth of a digit wide, and people leave a margin
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const KEYS =
  "By keyboard: arrow keys move the pen, two of them aslant; Space puts it down and lifts it; " +
  "Backspace takes a stroke back, Delete all of them.";

// Bytes as drawing.py packs them → the network, and examples {label, pixels}
function unpacked(bytes) {
  const units = new DataView(bytes.buffer).getInt32(0, true);
  let at = 4;
  const take = (Kind, length) => {
    const part = new Kind(bytes.buffer, at, length);
    at += part.byteLength;
    return part;
  };
  const [b1, b2, scale1, scale2] = [units, 10, units, 10].map((n) => take(Float32Array, n));
  const matrix = (rows, scale) =>
    Array.from({ length: rows }, () =>
      // The product is rounded as in Python, where it is a float32.
      new Float64Array(take(Int8Array, scale.length)).map((q, k) => Math.fround(q * scale[k])),
    );
  const W = [null, matrix(784, scale1), matrix(units, scale2)];
  const examples = [];
  while (at < bytes.length) {
    examples.push({ label: take(Uint8Array, 1)[0], pixels: Array.from(take(Uint8Array, 784)) });
  }
  return { net: { activation: "relu", W, b: [null, b1, b2] }, examples };
}

// 784 pixels → probabilities p, hidden activations, and each pixel's share in the lead of digit k
// (if null, the most probable) over the strongest other: the gradient of the lead times the pixel
function reading(net, pixels, digit) {
  const x = pixels.map((v) => v / 255);
  const pass = forward(net, x);
  const p = softmax(Array.from(pass.logits));
  const k = digit ?? argmax(p);
  const other = argmax(p.map((v, j) => (j === k ? -1 : v)));
  const dz = p.map((_, j) => Number(j === k) - Number(j === other));
  const gradient = affineBackward(backward(net, pass, dz)[1], net.W[1]);
  return { p, hidden: pass.a[1], k, other, shares: x.map((v, i) => v * gradient[i]) };
}

// 28 × 28 pixels as ink on the paper, its steps smoothed
function enlarged(pixels) {
  const nearby = Array.from({ length: SIDE }, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) / 5 - 0.5, 0), 27);
    return [Math.floor(at), Math.min(Math.floor(at) + 1, 27), at % 1];
  });
  const mean = (a, b, t) => a + t * (b - a);
  return nearby.map(([above, below, down]) =>
    Float64Array.from(nearby, ([left, right, across]) => {
      const row = (i) => mean(pixels[28 * i + left], pixels[28 * i + right], across);
      return mean(row(above), row(below), down) / 255;
    }),
  );
}

// Rounded down, for no softmax is ever 100 % sure.
const percent = (p) => `${number(Math.floor(p * 1000) / 10, 1)}\u00a0%`;

async function render({ model, el }) {
  const { net, examples } = unpacked(await inflated(model.get("data")));

  // The paper: an image to begin with, if any, and strokes, lists of points, on top of it
  let [image, strokes, ink] = [null, [], null];
  let stroke = null; // the one that is being drawn
  let cursor = null; // where the pen is, if it is moved by keys
  const held = new Set(); // arrow keys: two of them lead aslant
  const paper = element("canvas", {
    class: "paper",
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: "application",
    "aria-label": `Paper to draw a digit on. ${KEYS}`,
  });
  const context = paper.getContext("2d");
  const view = context.createImageData(SIDE, SIDE);
  const pen = element("span", { role: "status" });

  function show() {
    ink.forEach((row, i) => row.forEach((v, j) => (view.data[4 * (SIDE * i + j) + 3] = 255 * v)));
    context.putImageData(view, 0, 0);
    if (!cursor) return;
    context.beginPath();
    context.arc(...cursor, PEN / 2, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = context.fillStyle = "#d55e00";
    if (stroke) context.fill();
    else context.stroke();
  }

  function begin(pixels) {
    [image, strokes, stroke] = [pixels, [], null];
    again();
  }

  function again() {
    ink = image ? enlarged(image) : zeros(SIDE, SIDE);
    for (const points of strokes) points.forEach((p, n) => line(points[n - 1] ?? p, p));
    show();
  }

  const line = (from, to) => drawLine(ink, from, to, PEN);

  // What is on the paper goes to the model as the network sees it: at most once for each picture
  // that the screen shows, and at the end of a stroke.
  let [waiting, mine] = [0, false];
  function look() {
    cancelAnimationFrame(waiting);
    waiting = 0;
    show();
    const pixels = strokes.length ? centerDigit(ink) : image;
    mine = true;
    store(model, { pixels: Array.from(pixels ?? new Uint8Array(784)) });
    mine = false;
  }

  function draw(point) {
    line(stroke.at(-1) ?? point, point);
    stroke.push(point);
    waiting ||= requestAnimationFrame(look);
  }

  function down(point) {
    stroke = [];
    strokes.push(stroke);
    draw(point);
  }

  function up() {
    if (!stroke) return;
    stroke = null;
    look();
    update();
  }

  function undo() {
    stroke = null;
    strokes.pop();
    again();
    look();
    update();
  }

  const clear = () => {
    begin(null);
    look();
    update();
  };

  const at = (event) => {
    const { left, top, width } = paper.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top].map((v) => (v * SIDE) / width);
  };
  paper.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    paper.setPointerCapture(event.pointerId);
    cursor = null;
    pen.textContent = "";
    down(at(event));
  });
  paper.addEventListener("pointermove", (event) => {
    if (!stroke || cursor || !event.isPrimary) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const e of between.length ? between : [event]) draw(at(e));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    paper.addEventListener(name, (event) => event.isPrimary && !cursor && up());
  }

  paper.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in ARROWS) {
      held.add(event.key);
      const moves = [...held].map((key) => ARROWS[key]);
      cursor = (cursor ?? [SIDE / 2, SIDE / 2]).map((v, c) =>
        Math.min(Math.max(v + moves.reduce((s, move) => s + 5 * move[c], 0), 5), SIDE - 5),
      );
      if (stroke) draw(cursor);
      else show();
    } else if (event.key === " ") {
      cursor ??= [SIDE / 2, SIDE / 2];
      if (stroke && !event.repeat) up();
      else if (!event.repeat) down(cursor);
      show();
      pen.textContent = stroke ? "The pen is down." : "The pen is up.";
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    event.preventDefault();
  });
  paper.addEventListener("keyup", (event) => held.delete(event.key));
  paper.addEventListener("blur", () => {
    held.clear();
    cursor = null;
    pen.textContent = "";
    up();
    show();
  });

  // What comes of it
  const undoing = button("Undo", undo);
  const example = choice({
    label: "or take",
    options: [
      [-1, "…"],
      ...examples.map(({ label, pixels }, m) => {
        const k = argmax(forward(net, pixels.map((v) => v / 255)).logits);
        return [m, `test digit ${label}${k === label ? "" : `, read as ${k}`}`];
      }),
    ],
    value: -1,
    onchange: (m) => m >= 0 && store(model, { pixels: examples[m].pixels }),
  });
  const digits = Array.from({ length: 10 }, (_, k) => k);
  const digit = choice({
    label: "Colours for",
    options: [[null, "answer"], ...digits.map((k) => [k, `${k}`])],
    value: model.get("digit"),
    onchange: (k) => store(model, { digit: k }),
  });
  const probabilities = bars({ labels: digits.map(String), title: "Probabilities", show: percent });
  const [seen, why, units] = [
    picture({ alt: "What the network sees" }),
    picture({ alt: "What the lead hangs on", signed: true }),
    picture({ alt: "Hidden units", side: Math.sqrt(net.b[1].length) }),
  ];
  const [colours, count] = [element("span"), element("span")];
  const captioned = (node, ...text) => element("div", {}, node, element("span", {}, ...text));
  const remark = element("p", { class: "remark", role: "status" });

  function update() {
    const pixels = model.get("pixels");
    const blank = pixels.every((v) => v === 0);
    const { p, hidden, k, other, shares } = reading(net, pixels, model.get("digit"));
    const scaled = (values) => {
      const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9);
      return values.map((v) => (blank ? 0 : v / most));
    };
    probabilities.update(blank ? digits.map(() => 0) : p, blank ? -1 : argmax(p));
    seen.update(pixels.map((v) => v / 255));
    why.update(scaled(shares));
    units.update(scaled(hidden));
    count.textContent = blank ? "" : `: ${hidden.filter((a) => a > 0).length} are on`;
    colours.textContent = `Orange ink speaks for ${k}, blue for ${other}`;
    const order = p.map((_, j) => j).sort((i, j) => p[j] - p[i]);
    remark.setAttribute("aria-busy", stroke !== null); // nothing is read out before a stroke is done
    const [first, next] = order.map((j) =>
      p[j] < 0.001 ? `${j}, far behind` : `${j} (${percent(p[j])})`,
    );
    remark.replaceChildren(
      ...(blank
        ? ["Blank paper. Draw a digit with the mouse, a finger or the keyboard."]
        : ["The network reads ", element("strong", {}, first), `. Next comes ${next}.`]),
    );
    undoing.disabled = !strokes.length;
    digit.set(model.get("digit"));
    example.set(examples.findIndex((e) => e.pixels.every((v, i) => v === pixels[i])));
    store(model, { probabilities: blank ? [] : p });
  }

  model.on("change:pixels", () => {
    if (!mine) begin(model.get("pixels"));
    update();
  });
  model.on("change:digit", update);
  el.append(
    element(
      "div",
      { class: "drawing" },
      element(
        "div",
        { class: "desk" },
        element("strong", {}, "Draw a digit here"),
        paper,
        element("div", { class: "row" }, undoing, button("Clear", clear), example),
      ),
      remark,
      probabilities,
      element(
        "div",
        { class: "pictures" },
        captioned(seen, "What the network sees"),
        captioned(why, colours),
        captioned(units, "Hidden units", count),
        digit,
      ),
      element("p", { class: "keys" }, `${KEYS} `, pen),
    ),
  );
  begin(model.get("pixels"));
  update();
}

export default { render };
