// A network of 2, 3 and 2 units, forward and back, one operation at a time, with all numbers.
import {
  affineBackward,
  forward,
  lossAndGrad,
  oneHot,
  reluBackward,
  sgdStep,
  softmax,
  softmaxNll,
} from "./maths.js";
import { button, checkbox, choice, element, number, power, slider, store, svg } from "./parts.js";

// What each operation computes, its formula, its labels in the book, and the formula of one entry:
// {W1.0.2} stands for a number by its name and indices. It is shown as w¹₁₃, and as its value.
const operations = [
  [
    "z1",
    "z¹ = x W¹ + b¹",
    ["eq-affine", "eq-forward"],
    (j) => `{x.0} · {W1.0.${j}} + {x.1} · {W1.1.${j}} + {b1.${j}}`,
  ],
  ["a1", "a¹ = ReLU(z¹)", ["eq-relu", "eq-forward"], (j) => `max({z1.${j}}, 0)`],
  [
    "z2",
    "z² = a¹ W² + b²",
    ["eq-affine", "eq-forward"],
    (k) => [0, 1, 2].map((j) => `{a1.${j}} · {W2.${j}.${k}} + `).join("") + `{b2.${k}}`,
  ],
  [
    "p",
    "p = softmax(z²)",
    ["eq-softmax"],
    (k) => `exp {z2.${k}} / (exp {z2.0} + exp {z2.1})`,
  ],
  ["loss", "ℒ = −log p of the right class y", ["eq-nll"], (y) => `−log {p.${y}}`],
  ["dz2", "dz² = p − y", ["eq-softmax-nll-backward"], (k) => `{p.${k}} − {y.${k}}`],
  [
    "dW2",
    "dW² = (a¹)ᵀ dz²",
    ["eq-affine-dw", "eq-backward"],
    (j, k) => `{a1.${j}} · {dz2.${k}}`,
  ],
  ["db2", "db² = dz²", ["eq-affine-db", "eq-backward"], (k) => `{dz2.${k}}`],
  [
    "da1",
    "da¹ = dz² (W²)ᵀ",
    ["eq-affine-da", "eq-backward-dz"],
    (j) => `{dz2.0} · {W2.${j}.0} + {dz2.1} · {W2.${j}.1}`,
  ],
  [
    "dz1",
    "dz¹ = da¹ ⊙ ReLU′(z¹)",
    ["eq-relu-backward", "eq-backward-dz"],
    (j) => `{da1.${j}} · ReLU′({z1.${j}})`,
  ],
  ["dW1", "dW¹ = xᵀ dz¹", ["eq-affine-dw", "eq-backward"], (i, j) => `{x.${i}} · {dz1.${j}}`],
  ["db1", "db¹ = dz¹", ["eq-affine-db", "eq-backward"], (j) => `{dz1.${j}}`],
  ["new", "θ ← θ − η dθ, for all θ", ["eq-sgd-step"]],
];
const last = operations.length; // operations count from 1, as they do on the page
const stepOf = (name) => operations.findIndex(([result]) => result === name) + 1;

const parameters = ["W1", "b1", "W2", "b2"];
const shapes = {
  ...{ z1: [3], a1: [3], z2: [2], p: [2], loss: [], dz2: [2], da1: [3], dz1: [3] },
  ...{ dW1: [2, 3], db1: [3], dW2: [3, 2], db2: [2] },
};
// "dW1" → dW1.0.0, dW1.0.1, …
const keysOf = (name) =>
  shapes[name].reduce((keys, n) => keys.flatMap((key) => entriesOf(key, n)), [name]);
const entriesOf = (key, n) => Array.from({ length: n }, (_, i) => `${key}.${i}`);
// The last operation has the place of the gradients for its results.
const resultsOf = (step) =>
  step < last ? keysOf(operations[step - 1][0]) : parameters.flatMap((name) => keysOf(`d${name}`));

// W1.0.2 → w¹₁₃
function symbol(key) {
  const [name, ...indices] = key.split(".");
  const [, letters, layer] = name.match(/^(\D+)(\d?)$/);
  const letter = { loss: "ℒ", eta: "η" }[letters] ?? letters.replace("W", "w");
  return letter + ["", "¹", "²"][layer || 0] + indices.map((i) => "₁₂₃"[i]).join("");
}

// In a box or a table a few digits have room, in a formula three decimals.
const decimals = (x) => (Math.abs(x) < 10 ? 2 : Math.abs(x) < 100 ? 1 : 0);
const short = (x) =>
  Math.abs(x) >= 1e4 || (x && Math.abs(x) < 0.005) ? power(x, 0) : number(x, decimals(x));
const long = (x) =>
  Math.abs(x) >= 1e5 || (x && Math.abs(x) < 0.001)
    ? power(x)
    : `${Number(x.toFixed(3))}`.replace("-", "−");

// From -100 to 100, however the steps go: then no result is too large for a number.
const bounded = (v) => (Array.isArray(v) ? v.map(bounded) : Math.min(Math.max(v, -100), 100));

// Everything there is to show, from what the reader has chosen
function computed(model) {
  const [x, y, eta] = ["x", "label", "learning_rate"].map((name) => model.get(name));
  const [W1, b1, W2, b2] = parameters.map((name) => model.get(name));
  const net = { activation: "relu", W: [null, W1, W2], b: [null, b1, b2] };
  const { z, a, logits } = forward(net, x);
  const { loss, dz } = softmaxNll(logits, y);
  const da1 = affineBackward(dz, W2);
  const { dW, db } = lossAndGrad(net, [x], [y]);
  const moved = structuredClone(net);
  sgdStep(moved, { dW, db }, eta);
  const after = softmaxNll(forward(moved, x).logits, y).loss;

  const plain = (v) => (typeof v === "number" ? v : Array.from(v, plain));
  const lists = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, plain(v)]));
  return {
    given: { x, W1, b1, W2, b2, eta, y: oneHot(y, 2) },
    values: lists({ z1: z[1], a1: a[1], z2: logits, p: softmax(logits), loss }),
    gradients: lists({
      ...{ dz2: dz, dW2: dW[2], db2: db[2] },
      ...{ da1, dz1: reluBackward(da1, z[1]), dW1: dW[1], db1: db[1] },
    }),
    updated: lists({
      ...{ W1: moved.W[1], b1: moved.b[1], W2: moved.W[2], b2: moved.b[2], loss: after },
    }),
  };
}

// What is worth noticing after each operation
function remarkOn(step, { a1, p, y, loss, updated }) {
  const off = a1.flatMap((a, j) => (a > 0 ? [] : [j + 1]));
  const units = `${off.length > 1 ? "units" : "unit"} ${off.join(" and ")}`;
  const [rule, ifOff] = [
    ["Each hidden unit adds up what comes in, each input times its weight, and its bias."],
    ["All units are on.", `Off: ${units}. Where z¹ is not above 0, nothing passes.`],
    ["All three units act on both logits.", `What is off adds nothing: ${units}.`],
    [`The two add up to 1. The network says: class ${p[0] >= p[1] ? 1 : 2}.`],
    [p[y.indexOf(1)] ? "It would be 0 for p = 1." : "p is rounded to 0; ℒ comes from the logits."],
    ["The error at the logits. One should rise, the other fall, by the same."],
    ["What came in, times the error.", `What came in, times the error. Row of 0: ${units}.`],
    ["A bias acts on its logit with a factor of 1, so it gets the error itself."],
    ["The error goes back through the weights that brought the values forward."],
    ["ReLU′ is 1 everywhere, and all passes.", `ReLU′ is 0, and nothing passes: ${units}.`],
    ["What came in, times the error.", `What came in, times the error. Column of 0: ${units}.`],
    ["With this, all 17 gradients are known. Only now may the parameters move."],
    [`The loss of this example: ${long(loss)} before the step, ${long(updated.loss)} after it.`],
  ][step - 1];
  return (off.length && ifOff) || rule;
}

// The network: a box for each number, which goes to `cells`, and lines, which go to `edges`
function drawn(cells, edges, point) {
  function box(key, x, y, width = 88) {
    const value = svg("text", { x: x + width - 3, y: y + 17, "text-anchor": "end" });
    const name = svg("text", { class: "name", x: x + 3, y: y + 17 }, symbol(key.split(".")[0]));
    const rect = svg("rect", { x, y, width, height: 26 });
    const node = svg("g", { class: "cell", onclick: () => point(key) }, rect, name, value);
    cells.push({ key, node, show: (text) => (value.textContent = text) });
    return node;
  }
  function edge(key, x1, y1, x2, y2) {
    const line = svg("line", { x1, y1, x2, y2 });
    const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2 + 4];
    const weight = svg("text", { class: "weight", x, y, "text-anchor": "middle" });
    edges.set(key, { line, weight });
    return line;
  }
  const heights = { inputs: [125, 239], hidden: [68, 182, 296], outputs: [68, 182] };
  const boxes = (name, units, x, dy, width) =>
    heights[units].map((y, i) => box(`${name}.${i}`, x, y + dy, width));
  const edges1 = heights.inputs.flatMap((y, i) =>
    heights.hidden.map((h, j) => edge(`W1.${i}.${j}`, 56, y, 104, h)),
  );
  const edges2 = heights.hidden.flatMap((h, j) =>
    heights.outputs.map((y, k) => edge(`W2.${j}.${k}`, 192, h, 240, y)),
  );
  const titles = { Input: 29, Hidden: 148, Output: 284 };
  return svg(
    "svg",
    { viewBox: "0 0 330 350", role: "img" },
    ...Object.entries(titles).map(([text, x]) =>
      svg("text", { class: "name", x, y: 10, "text-anchor": "middle" }, text),
    ),
    svg("path", { d: "M284 234 V283" }),
    ...edges1,
    ...edges2,
    ...boxes("x", "inputs", 2, -13, 54),
    ...boxes("z1", "hidden", 104, -52),
    ...boxes("a1", "hidden", 104, -26),
    ...boxes("da1", "hidden", 104, 0),
    ...boxes("dz1", "hidden", 104, 26),
    ...boxes("z2", "outputs", 240, -52),
    ...boxes("p", "outputs", 240, -26),
    ...boxes("y", "outputs", 240, 0),
    ...boxes("dz2", "outputs", 240, 26),
    box("loss", 240, 283),
    ...[...edges.values()].map(({ weight }) => weight),
  );
}

// What the reader may change, and beside it the gradients. `at` gives a number by its key.
function tabled(model, cells, point, at) {
  function field(key) {
    const [name, ...indices] = key.split(".");
    const rounded = () => Number(at(key).toFixed(decimals(at(key))));
    const input = element("input", {
      ...{ type: "number", min: -100, max: 100, step: 0.5, "aria-label": symbol(key) },
      oninput() {
        if (Number.isNaN(input.valueAsNumber)) return; // "-", or nothing yet
        const values = structuredClone(model.get(name));
        const row = indices.length > 1 ? values[indices[0]] : values;
        row[indices.at(-1)] = bounded(input.valueAsNumber);
        store(model, { [name]: values });
      },
      onblur: () => (input.value = rounded()),
    });
    const node = element("td", {}, input);
    const show = () => document.activeElement !== input && (input.value = rounded());
    cells.push({ key, node, show });
    return node;
  }
  function gradient(key) {
    const node = element("td", { class: "cell", onclick: () => point(key) });
    cells.push({ key, node, show: (text) => (node.textContent = text) });
    return node;
  }
  const row = (name, ...numbers) =>
    element("tr", {}, element("th", { scope: "row" }, name), ...numbers);
  const heading = (n, text) => element("th", { colspan: n, scope: "colgroup" }, text);
  const headings = []; // of the gradients
  function layer(l, from, n) {
    const sup = ["", "¹", "²"][l];
    const keys = [...from.map((_, i) => `W${l}.${i}`), `b${l}`];
    const rows = [...from, `b${sup}`].map((name, i) =>
      row(name, ...entriesOf(keys[i], n).map(field), ...entriesOf(`d${keys[i]}`, n).map(gradient)),
    );
    headings.push(heading(n, ""));
    const head = element("tr", {}, element("td"), heading(n, `W${sup}, b${sup}`), headings.at(-1));
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  }
  const input = row("Input x", ...entriesOf("x", 2).map(field));
  const root = element(
    "div",
    { class: "matrices" },
    element("table", {}, element("tbody", {}, input)),
    layer(1, ["x₁", "x₂"], 3),
    layer(2, ["a¹₁", "a¹₂", "a¹₃"], 2),
  );
  return { root, headings };
}

function render({ model, el }) {
  const cells = []; // {key, node, show}: where a number stands, and what writes it there
  const edges = new Map(); // W1.0.2 → its line, and the number on it
  let all; // every number, by its name
  let hidden = model.get("predict"); // the result of this step
  const at = (key) => key.split(".").reduce((v, i) => v[i], all);

  const step = () => model.get("step");
  const entry = () => Math.min(model.get("entry"), resultsOf(step()).length - 1);
  const result = (key) => (step() === last ? at(`updated.${key.slice(1)}`) : at(key));
  function shown(key) {
    if (resultsOf(step()).includes(key)) return hidden ? "?" : short(result(key));
    return stepOf(key.split(".")[0]) > step() ? "" : short(at(key)); // what is given has step 0
  }

  // --- From one operation to another
  function go(to, which = 0) {
    if (to < 1 || to > last) return;
    if (to !== step()) hidden = model.get("predict");
    store(model, { step: to, entry: which });
  }
  function reveal() {
    hidden = false;
    update();
  }
  function forth() {
    if (hidden) reveal();
    else if (step() < last) go(step() + 1);
    else {
      const { loss, ...moved } = all.updated;
      go(1);
      store(model, Object.fromEntries(Object.entries(moved).map(([k, v]) => [k, bounded(v)])));
    }
  }
  const chosen = ["x", ...parameters, "label", "learning_rate"];
  const first = Object.fromEntries(chosen.map((name) => [name, model.get(name)]));
  const back = button("← Back", () => go(step() - 1));
  const next = Object.assign(button("", forth), { className: "next" });
  const all13 = button("Run all", () => (go(last), reveal()));
  const reset = button("Reset", () => (go(1), store(model, first)));
  const count = element("span");

  // A number that is pointed at: the operation that computes it, and which entry it is
  function point(key) {
    const other = stepOf(key.split(".")[0]);
    if (resultsOf(step()).includes(key)) go(step(), resultsOf(step()).indexOf(key));
    else if (other && other < step()) go(other, resultsOf(other).indexOf(key));
  }
  function onkeydown(event) {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const n = resultsOf(step()).length;
    const move = {
      ArrowRight: () => (hidden || step() < last) && forth(),
      ArrowLeft: () => go(step() - 1),
      ArrowDown: () => go(step(), (entry() + 1) % n),
      ArrowUp: () => go(step(), (entry() + n - 1) % n),
    }[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  // --- The operation in words, letters and numbers
  const formula = element("strong");
  const labels = element("span", { class: "labels" });
  const letters = element("div");
  const numbers = element("div");
  const remark = element("div", { class: "note" });
  // The text of the page links the numbered equations: from there come addresses and numbers.
  function equation(label) {
    const link = document.querySelector(`a.reference[href$="#equation-${label}"]`);
    const text = element("code", {}, label);
    if (!link) return text;
    return element("a", { href: link.getAttribute("href") }, text, ` ${link.textContent}`);
  }
  function entryFormula(key) {
    if (step() === last) return `{${key.slice(1)}} − {eta} · {${key}}`;
    const indices = key === "loss" ? [model.get("label")] : key.split(".").slice(1);
    return operations[step() - 1][3](...indices);
  }
  const filledIn = (text, f) => text.replace(/\{([\w.]+)\}/g, (_, key, i) => f(key, text[i - 1]));
  // A negative number and a power get brackets, except where they begin or have some.
  const value = (x, before) =>
    /−|·/.test(long(x)) && before && before !== "(" ? `(${long(x)})` : long(x);

  const answer = element("input", {
    ...{ type: "number", step: "any" },
    onchange() {
      const [x, right] = [answer.valueAsNumber, result(resultsOf(step())[entry()])];
      const close = Math.abs(x - right) <= Math.max(0.01, 0.01 * Math.abs(right));
      verdict.textContent = Number.isNaN(x) ? "" : close ? "Right!" : "Not yet.";
    },
  });
  const verdict = element("output");
  const guess = element("label", {}, "Your answer", answer, verdict);
  let guessed; // which entry the answer is for

  const drawing = drawn(cells, edges, point);
  const tables = tabled(model, cells, point, at);
  const label = choice({
    label: "Right class y",
    options: [0, 1].map((y) => [y, `${y + 1}`]),
    value: 0,
    onchange: (y) => store(model, { label: y }),
  });
  const rate = slider({
    label: "Learning rate η",
    min: 0,
    max: 1,
    step: 0.05,
    value: model.get("learning_rate"),
    oninput: (x) => store(model, { learning_rate: x }),
  });
  const predict = checkbox({
    label: "let me predict each number",
    value: false,
    onchange: (on) => store(model, { predict: on }),
  });

  function update() {
    const { given, values, gradients, updated } = computed(model);
    all = { ...given, ...values, ...gradients, updated };
    const key = resultsOf(step())[entry()]; // the number that is pointed at
    const text = entryFormula(key);
    const used = [...text.matchAll(/\{([\w.]+)\}/g)].map(([, name]) => name);

    const way = step() === last ? "update" : step() > stepOf("loss") ? "back" : "forward";
    stage.dataset.way = way;
    count.textContent = `${step()} of ${last}, ${way}`;
    back.setAttribute("aria-disabled", step() === 1);
    next.textContent = hidden ? "Show" : step() < last ? "Next →" : "Take the step ↺";
    label.set(model.get("label"));
    rate.set(model.get("learning_rate"));
    predict.set(model.get("predict"));

    formula.textContent = operations[step() - 1][1];
    labels.replaceChildren(...operations[step() - 1][2].map(equation));
    const left = step() === last ? `${symbol(key.slice(1))} ←` : `${symbol(key)} =`;
    letters.textContent = `${left} ${filledIn(text, symbol)}`;
    const inNumbers = filledIn(text, (name, before) => value(at(name), before));
    const right = hidden ? "?" : long(result(key));
    numbers.textContent = inNumbers === right ? `= ${right}` : `= ${inNumbers} = ${right}`;
    remark.textContent = hidden ? "What will it be?" : remarkOn(step(), all);
    guess.hidden = !hidden;
    if (guessed !== step() + key) answer.value = verdict.textContent = "";
    guessed = step() + key;

    for (const cell of cells) {
      cell.show(shown(cell.key));
      cell.node.classList.toggle("used", used.includes(cell.key));
      cell.node.classList.toggle("result", resultsOf(step()).includes(cell.key));
      cell.node.classList.toggle("current", cell.key === key);
    }
    for (const [name, { line, weight }] of edges) {
      const on = used.includes(name) || key === `d${name}`;
      line.classList.toggle("used", on);
      weight.textContent = on ? shown(key === `d${name}` ? key : name) : "";
    }
    tables.headings.forEach((heading, i) => {
      const [W, b] = [`W${"¹²"[i]}`, `b${"¹²"[i]}`];
      heading.textContent = step() === last ? `new ${W}, ${b}` : `d${W}, d${b}`;
    });
    const known = ["x", "z1", "a1", "z2", "p", "dz2", "da1", "dz1"].filter((n) => shown(`${n}.0`));
    const spoken = known.map((n) => `${symbol(n)}: ${all[n].map((_, i) => shown(`${n}.${i}`))}`);
    drawing.setAttribute("aria-label", `The network. ${spoken.join("; ")}`);
    store(model, { forward: values, gradients, updated });
  }

  const stage = element(
    "div",
    { class: "backpropagation", tabindex: -1, onkeydown },
    element("div", { class: "row" }, back, next, all13, reset, count),
    element(
      "div",
      { class: "operation", role: "status" },
      element("div", { class: "row" }, formula, labels),
      letters,
      numbers,
      remark,
    ),
    guess,
    element("div", { class: "panels" }, drawing, tables.root),
    element("div", { class: "controls" }, label, rate, predict),
    element("div", { class: "note" }, "Keys: ← → operations, ↑ ↓ entries. Or click a number."),
  );
  for (const name of [...chosen, "step", "entry"]) model.on(`change:${name}`, update);
  model.on("change:predict", () => {
    hidden = model.get("predict");
    update();
  });
  el.append(stage);
  update();
}

export default { render };
