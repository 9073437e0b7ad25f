// What the figures are made of: elements, controls, bars, a heat map, a chart, a picture.

// element("p", { class: "note", onclick: f }, "text", child): an HTML element. A key that begins
// with "on" takes a function, all others are attributes.
export const element = (tag, attributes = {}, ...children) =>
  filled(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// 0.5 → "0.50", 250000 → "2.5 · 10⁵", with a true minus sign; what is no number says so.
export function number(x, digits = 2) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (Math.abs(x) >= 1e5) return power(x);
  return x.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");
}

// 0.00012 → "1.2 · 10⁻⁴"
export function power(x, digits = 1) {
  const [mantissa, exponent] = x.toExponential(digits).replace("+", "").split("e");
  const raised = [...exponent].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return `${mantissa.replace("-", "−")} · 10${raised.join("")}`;
}

// As number, but what that would write as 0.000 becomes 3.1 · 10⁻⁵.
export function scientific(x, digits = 3) {
  return x && Math.abs(x) < 0.5 * 10 ** -digits ? power(x) : number(x, digits);
}

// A slider with its label and value. Arrow keys move it, and a double click (or Delete) takes it
// back to where it began. `show` writes the value. The element has set(value).
export function slider({ label, min, max, step, value, show = number, oninput }) {
  const start = value;
  const output = element("output", { "aria-live": "off" }); // the slider itself says its value
  const input = element("input", { type: "range", min, max, step, "aria-label": label });
  const set = (x) => {
    input.value = x;
    output.textContent = show(x);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const moved = () => {
    set(Number(input.value));
    oninput(Number(input.value));
  };
  const back = () => {
    input.value = start;
    moved();
  };
  input.addEventListener("input", moved);
  input.addEventListener("dblclick", back);
  input.addEventListener("keydown", (event) => event.key === "Delete" && back());
  set(value);
  return Object.assign(
    element("label", { class: "slider" }, element("span", {}, label), input, output),
    { set },
  );
}

// One of several: options is [[value, text], …]. The element has set(value).
export function choice({ label, options, value, onchange }) {
  const select = element(
    "select",
    { onchange: () => onchange(options[select.selectedIndex][0]) },
    ...options.map(([, text]) => element("option", {}, text)),
  );
  const set = (x) => (select.selectedIndex = options.findIndex(([v]) => v === x));
  set(value);
  return Object.assign(element("label", { class: "choice" }, element("span", {}, label), select), {
    set,
  });
}

export function checkbox({ label, value, onchange }) {
  const input = element("input", { type: "checkbox", onchange: () => onchange(input.checked) });
  const set = (x) => (input.checked = x);
  set(value);
  return Object.assign(element("label", { class: "checkbox" }, input, element("span", {}, label)), {
    set,
  });
}

export const button = (label, onclick) => element("button", { type: "button", onclick }, label);

// The colour of a number from -1 (blue) through 0 (the ground) to 1 (orange), pale enough for text.
export const tint = (x) =>
  Number.isFinite(x)
    ? `color-mix(in srgb, var(--${x < 0 ? "blue" : "orange"}) ` +
      `${Math.round(Math.min(Math.abs(x), 1) * 45)}%, var(--ground))`
    : "var(--ground)";

// Horizontal bars, one a row, for numbers from 0 to 1 (or, if signed, from -1 to 1).
// update(values, marked): the row `marked` stands out.
export function bars({ labels, title, signed = false, show = number }) {
  const rows = labels.map((label) => {
    const fill = element("span", { class: "fill" });
    const value = element("td", { class: "value" });
    const row = element(
      "tr",
      {},
      element("th", { scope: "row" }, label),
      element("td", { class: signed ? "bar signed" : "bar" }, fill),
      value,
    );
    return { row, fill, value };
  });
  const table = element(
    "table",
    { class: "bars" },
    element("caption", {}, title),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  const update = (values, marked = -1) =>
    rows.forEach(({ row, fill, value }, k) => {
      const x = values[k];
      const length = Number.isFinite(x) ? Math.min(Math.abs(x), 1) * (signed ? 50 : 100) : 0;
      fill.style.width = `${length}%`;
      if (signed) fill.style.marginLeft = `${x < 0 ? 50 - length : 50}%`;
      fill.classList.toggle("negative", x < 0);
      row.classList.toggle("marked", k === marked);
      value.textContent = show(x);
    });
  return Object.assign(table, { update });
}

// A matrix as coloured numbers. update(rows, scale): ±scale has the full colour.
export function heat({ rows, columns, title, show = number }) {
  const cells = rows.map(() => columns.map(() => element("td")));
  const table = element(
    "table",
    { class: "heat" },
    element("caption", {}, title),
    element(
      "thead",
      {},
      element("tr", {}, element("td"), ...columns.map((c) => element("th", { scope: "col" }, c))),
    ),
    element(
      "tbody",
      {},
      ...rows.map((r, i) => element("tr", {}, element("th", { scope: "row" }, r), ...cells[i])),
    ),
  );
  const update = (matrix, scale = 1) =>
    matrix.forEach((row, i) =>
      row.forEach((x, j) => {
        cells[i][j].textContent = show(x);
        cells[i][j].style.background = tint(x / scale);
      }),
    );
  return Object.assign(table, { update });
}

// Axes for curves. x and y are {min, max, label, ticks: [numbers]}; `alt` says what is seen.
// line(name, points, label) draws or moves a curve of class `name` (blue, orange, green, dashed …)
// through [[x, y], …]; dot(name, x, y) a point; clear() takes all away. A click or a drag calls onmove
// with the x there.
export function chart({ x, y, alt, onmove, width = 320, height = 200 }) {
  const [left, bottom, top, right] = [44, 36, 8, 10];
  const sx = (v) => left + ((v - x.min) / (x.max - x.min)) * (width - left - right);
  const sy = (v) => height - bottom - ((v - y.min) / (y.max - y.min)) * (height - top - bottom);
  const marks = svg("g");
  const root = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": alt },
    ...x.ticks.flatMap((t) => [
      svg("line", { class: "grid", x1: sx(t), x2: sx(t), y1: sy(y.min), y2: sy(y.max) }),
      svg("text", { x: sx(t), y: height - bottom + 14, "text-anchor": "middle" }, `${t}`.replace("-", "−")),
    ]),
    ...y.ticks.flatMap((t) => [
      svg("line", { class: "grid", x1: sx(x.min), x2: sx(x.max), y1: sy(t), y2: sy(t) }),
      svg("text", { x: left - 6, y: sy(t) + 4, "text-anchor": "end" }, `${t}`.replace("-", "−")),
    ]),
    svg("text", { x: sx((x.min + x.max) / 2), y: height - 4, "text-anchor": "middle" }, x.label),
    svg(
      "text",
      { transform: `translate(11 ${sy((y.min + y.max) / 2)}) rotate(-90)`, "text-anchor": "middle" },
      y.label,
    ),
    marks,
  );
  if (onmove) {
    const moved = ({ clientX }) => {
      const box = root.getBoundingClientRect();
      const part = (((clientX - box.left) / box.width) * width - left) / (width - left - right);
      onmove(x.min + Math.min(Math.max(part, 0), 1) * (x.max - x.min));
    };
    root.classList.add("movable");
    root.addEventListener("pointerdown", (event) => root.setPointerCapture(event.pointerId));
    root.addEventListener("pointermove", (event) => event.buttons && moved(event));
    root.addEventListener("click", moved);
  }
  const kept = new Map();
  const mark = (key, tag) => {
    if (!kept.has(key)) kept.set(key, marks.appendChild(svg(tag, { class: key })));
    return kept.get(key);
  };
  const within = (v) => Math.min(Math.max(v, y.min - (y.max - y.min)), y.max + (y.max - y.min));
  return Object.assign(root, {
    line(name, points) {
      const path = points.map(([a, b]) => `${sx(a).toFixed(1)},${sy(within(b)).toFixed(1)}`);
      mark(`line ${name}`, "polyline").setAttribute("points", path.join(" "));
    },
    dot(name, a, b) {
      const circle = mark(`dot ${name}`, "circle");
      circle.setAttribute("cx", sx(a));
      circle.setAttribute("cy", sy(within(b)));
      circle.setAttribute("r", 5);
    },
    clear() {
      kept.clear();
      marks.replaceChildren();
    },
  });
}

// A square picture of numbers (784, say), drawn sharp. update(values): from 0 (paper) to 1 (ink), or,
// if signed, from -1 (blue) to 1 (orange), whatever the theme.
export function picture({ alt, side = 28, signed = false }) {
  const canvas = element("canvas", { width: side, height: side, role: "img", "aria-label": alt });
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const colours = { blue: [0, 114, 178], orange: [213, 94, 0] };
  const update = (values) => {
    for (let i = 0; i < values.length; i++) {
      const v = Math.min(Math.max(values[i], -1), 1);
      const full = signed ? colours[v < 0 ? "blue" : "orange"] : [0, 0, 0];
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 + Math.abs(v) * (full[c] - 255);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  };
  return Object.assign(canvas, { update });
}

// Compressed bytes (zlib), as Python's classes send them → Uint8Array
export async function inflated(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Sets values of the model that Python, or the page, can read.
export function store(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}
