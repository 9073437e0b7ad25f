// ReLU and the sigmoid, their derivatives, c at zero, and what is left of a gradient behind layers.
import { relu, reluBackward, sigmoid, sigmoidBackward } from "./maths.js";
import {
  bars,
  button,
  chart,
  choice,
  element,
  number,
  scientific,
  slider,
  store,
} from "./parts.js";

function render({ model, el }) {
  const LAYERS = [1, 2, 3, 4, 5, 6];
  const move = (z) => store(model, { z: Math.round(z * 10) / 10 });
  const x = { min: -6, max: 6, label: "z", ticks: [-6, -4, -2, 0, 2, 4, 6] };
  const values = chart({
    x,
    y: { min: -1, max: 6, label: "a", ticks: [0, 2, 4, 6] },
    alt: "ReLU and the sigmoid against z",
    onmove: move,
  });
  const slopes = chart({
    x,
    y: { min: -0.1, max: 1.1, label: "da / dz", ticks: [0, 0.25, 0.5, 0.75, 1] },
    alt: "The derivatives of ReLU and of the sigmoid against z",
    onmove: move,
  });
  const line = Array.from({ length: 121 }, (_, i) => -6 + i / 10);
  const [s, ds] = [
    sigmoid(line),
    sigmoidBackward(
      line.map(() => 1),
      sigmoid(line),
    ),
  ];
  values.line("blue", [
    [-6, 0],
    [0, 0],
    [6, 6],
  ]);
  values.line(
    "orange dashed",
    line.map((z, i) => [z, s[i]]),
  );
  slopes.line("blue shut", [
    [-6, 0],
    [0, 0],
  ]);
  slopes.line("blue open", [
    [0, 1],
    [6, 1],
  ]);
  slopes.line(
    "orange dashed",
    line.map((z, i) => [z, ds[i]]),
  );

  const z = slider({
    label: "z",
    min: -6,
    max: 6,
    step: 0.1,
    value: model.get("z"),
    show: (v) => number(v, 1),
    oninput: move,
  });
  const c = choice({
    label: "c, the derivative of ReLU at zero",
    options: [
      [0, "0"],
      [0.5, "½"],
      [1, "1"],
    ],
    value: model.get("c"),
    onchange: (v) => store(model, { c: v }),
  });
  const zero = button("Go to zero", () => store(model, { z: 0 }));
  const names = ["ReLU", "sigmoid"];
  const cells = names.map(() => [element("td"), element("td")]);
  const table = element(
    "table",
    { class: "compared" },
    element("caption", {}, "At this z"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...names.map((name, i) =>
          element(
            "th",
            { scope: "col" },
            element("span", { class: `key ${["blue", "orange"][i]}` }),
            name,
          ),
        ),
      ),
    ),
    element(
      "tbody",
      {},
      ...["Output a", "Derivative da / dz"].map((text, j) =>
        element("tr", {}, element("th", { scope: "row" }, text), cells[0][j], cells[1][j]),
      ),
    ),
  );
  const left = names.map((name) =>
    bars({
      labels: LAYERS.map(String),
      title: `A gradient after 1 to 6 ${name}s`,
      show: scientific,
    }),
  );
  left[1].classList.add("orange");
  const remark = element("p", { class: "remark", role: "status" });

  function said(at, [, slope]) {
    if (at === 0)
      return (
        `Exactly at its corner ReLU has no derivative; a program returns c, here ${model.get("c")}. ` +
        "The sigmoid is at its steepest, and even here it passes only a quarter."
      );
    const gate =
      at > 0
        ? "The gate of ReLU is open: all of it passes."
        : "The gate of ReLU is shut: nothing passes.";
    const part =
      `The sigmoid passes ${scientific(slope)} of it` +
      (slope < 0.01 ? ": it is saturated." : ", and a quarter at the very most.");
    return `A gradient arrives from the layers after this one. ${gate} ${part}`;
  }

  function update() {
    const at = model.get("z");
    z.set(at);
    c.set(model.get("c"));
    const a = [relu([at])[0], sigmoid([at])[0]];
    const derivatives = [
      reluBackward([1], [at], model.get("c"))[0],
      sigmoidBackward([1], [a[1]])[0],
    ];
    for (const [i, name] of ["blue", "orange"].entries()) {
      values.dot(name, at, a[i]);
      slopes.dot(name, at, derivatives[i]);
      const ends = [Math.max(at - 1, -6), Math.min(at + 1, 6)]; // of the tangent
      values.line(
        `thin ${name}`,
        ends.map((end) => [end, a[i] + (end - at) * derivatives[i]]),
      );
      cells[i][0].textContent = scientific(a[i]);
      cells[i][1].textContent = scientific(derivatives[i]);
      left[i].update(LAYERS.map((n) => derivatives[i] ** n));
    }
    remark.textContent = said(at, derivatives);
    store(model, { outputs: a, derivatives });
  }
  for (const name of ["z", "c"]) model.on(`change:${name}`, update);
  el.append(
    element("div", { class: "controls" }, z, element("div", { class: "row" }, zero), c),
    element("div", { class: "panels" }, values, slopes),
    table,
    element("div", { class: "panels" }, ...left),
    remark,
  );
  update();
}

export default { render };
