// The NLL and the squared error behind a softmax, as one logit of ten moves; gradient descent on each.
import { softmax, softmaxMse, softmaxNll } from "./maths.js";
import { button, chart, choice, element, number, scientific, slider, store } from "./parts.js";

function render({ model, el }) {
  const [RIGHT, WRONG, MOST] = [0, 1, 10000];
  const losses = [
    { name: "NLL", of: softmaxNll, line: "blue", dot: "blue" },
    { name: "squared error", of: softmaxMse, line: "orange dashed", dot: "orange" },
  ];
  const moving = () => (model.get("moves") === "right" ? RIGHT : WRONG);
  const logits = (t, k) => Array.from({ length: 10 }, (_, i) => (i === k ? t : 0));

  // Where the logit k is t: a loss, its slope there, and the probability of the right class
  function at(of, t, k) {
    const z = logits(t, k);
    const { loss, dz } = of(z, RIGHT);
    return { t, loss, slope: dz[k], p: softmax(z)[RIGHT] };
  }

  // One pair of charts for each logit that can move: their slopes have opposite signs.
  const begin = (t) => store(model, { logit: Math.round(t * 10) / 10, steps: 0 });
  const pairs = [RIGHT, WRONG].map((k) => {
    const x = {
      min: -12,
      max: 12,
      label: `logit of ${k ? "a wrong" : "the right"} class`,
      ticks: [-10, -5, 0, 5, 10],
    };
    const slopes = k
      ? { min: -0.1, max: 1.1, ticks: [0, 1] }
      : { min: -1.1, max: 0.1, ticks: [-1, 0] };
    const loss = chart({
      x,
      y: { min: 0, max: 15, label: "loss", ticks: [0, 5, 10, 15] },
      alt: "The two losses against the logit that moves",
      onmove: begin,
    });
    const slope = chart({
      x,
      y: { ...slopes, label: "d loss / d logit" },
      alt: "The derivatives of the two losses against the logit that moves",
      onmove: begin,
    });
    for (const { of, line } of losses) {
      const curve = Array.from({ length: 121 }, (_, i) => at(of, x.min + i / 5, k));
      loss.line(
        line,
        curve.map((c) => [c.t, c.loss]),
      );
      slope.line(
        line,
        curve.map((c) => [c.t, c.slope]),
      );
    }
    return { loss, slope };
  });

  const moves = choice({
    label: "Move the logit of",
    options: [
      ["wrong", "a wrong class"],
      ["right", "the right class"],
    ],
    value: model.get("moves"),
    onchange: (which) => store(model, { moves: which, logit: -model.get("logit"), steps: 0 }),
  });
  const logit = slider({
    label: "Its logit",
    min: -12,
    max: 12,
    step: 0.1,
    value: model.get("logit"),
    show: (t) => number(t, 1),
    oninput: begin,
  });
  const rate = slider({
    label: "Learning rate η",
    min: 0.1,
    max: 10,
    step: 0.1,
    value: model.get("learning_rate"),
    show: (eta) => number(eta, 1),
    oninput: (eta) => store(model, { learning_rate: eta }),
  });
  const descend = [1, 10, 100, 1000].map((n) =>
    button(n === 1 ? "1 step" : `${n} steps`, () =>
      store(model, { steps: Math.min(model.get("steps") + n, MOST) }),
    ),
  );
  const back = button("Back to the start", () => store(model, { steps: 0 }));
  const taken = element("caption");
  const cells = losses.map(() => [0, 1, 2, 3].map(() => element("td")));
  const table = element(
    "table",
    { class: "compared" },
    taken,
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...losses.map(({ name, line }) =>
          element("th", { scope: "col" }, element("span", { class: `key ${line}` }), name),
        ),
      ),
    ),
    element(
      "tbody",
      {},
      ...["Logit", "Probability of the right class", "Loss", "Its derivative"].map((text, j) =>
        element("tr", {}, element("th", { scope: "row" }, text), cells[0][j], cells[1][j]),
      ),
    ),
  );
  const charts = element("div", { class: "panels" });
  const remark = element("p", { class: "remark", role: "status" });

  // What the numbers say
  function said([nll, mse], k) {
    if (model.get("steps")) {
      const [far, near] = [nll, mse].map(({ t }) => number(Math.abs(t - model.get("logit"))));
      return `Descent on the NLL has moved the logit by ${far}, on the squared error by ${near}.`;
    }
    const most = k === WRONG ? 1 / 9 : 1; // of the right class, whatever the logit
    const ratio = nll.slope / mse.slope;
    if (mse.p > 0.9 * most)
      return "Little is left to learn. Both derivatives are small, as they should be.";
    if (ratio < 20)
      return "Both losses have a slope here. Go where the network is wrong, and sure of it.";
    const times = Number(ratio.toPrecision(2)).toLocaleString("en");
    return (
      `Wrong, and sure of it. Here the derivative of the squared error is ${times} times smaller ` +
      "than that of the NLL: learning stops where it is needed most."
    );
  }

  function update() {
    const [k, eta, steps] = [moving(), model.get("learning_rate"), model.get("steps")];
    moves.set(model.get("moves"));
    logit.set(model.get("logit"));
    rate.set(eta);
    const reached = losses.map(({ of }) => {
      let t = model.get("logit");
      for (let s = 0; s < steps; s++) t -= eta * of(logits(t, k), RIGHT).dz[k];
      return at(of, t, k);
    });
    const { loss, slope } = pairs[k];
    if (charts.firstChild !== loss) charts.replaceChildren(loss, slope);
    reached.forEach((point, i) => {
      const t = Math.min(Math.max(point.t, -12), 12);
      loss.dot(losses[i].dot, t, point.loss);
      slope.dot(losses[i].dot, t, point.slope);
      const shown = [
        number(point.t),
        scientific(point.p),
        scientific(point.loss),
        scientific(point.slope),
      ];
      cells[i].forEach((cell, j) => (cell.textContent = shown[j]));
    });
    taken.textContent =
      steps === 0
        ? "Before the first step"
        : `After ${steps} step${steps > 1 ? "s" : ""} of descent`;
    remark.textContent = said(reached, k);
    store(model, {
      reached: reached.map(({ t }) => t),
      losses: reached.map((point) => point.loss),
      derivatives: reached.map((point) => point.slope),
    });
  }
  for (const name of ["moves", "logit", "learning_rate", "steps"])
    model.on(`change:${name}`, update);
  el.append(
    element("div", { class: "controls" }, moves, logit, rate),
    charts,
    element("div", { class: "row" }, ...descend, back),
    table,
    remark,
  );
  update();
}

export default { render };
