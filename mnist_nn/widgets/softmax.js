// Logits in, probabilities out; the Jacobian; p - y; overflow with and without the shift.
import { minusOneHot, softmax, softmaxJacobian, softmaxNll } from "./maths.js";
import { bars, checkbox, choice, element, heat, number, slider, store } from "./parts.js";

function render({ model, el }) {
  const digit = (k) => "₀₁₂₃₄₅₆₇₈₉"[k];
  const offset = slider({
    label: "Added to all",
    min: -1000,
    max: 1000,
    step: 50,
    value: model.get("offset"),
    show: (x) => number(x, 0),
    oninput: (x) => store(model, { offset: x }),
  });
  const shift = checkbox({
    label: "subtract the largest logit first",
    value: model.get("shift"),
    onchange: (on) => store(model, { shift: on }),
  });
  const remark = element("p", { class: "remark", role: "status" });

  // What there is one of for each class; a program may change how many there are.
  let parts = { K: 0 };
  function build(K) {
    const classes = Array.from({ length: K }, (_, k) => k);
    const names = (letter) => classes.map((k) => letter + digit(k));
    const sliders = names("z").map((label, k) =>
      slider({
        label,
        min: -10,
        max: 10,
        step: 0.1,
        value: model.get("logits")[k],
        show: (x) => number(x, 1),
        oninput: (x) => store(model, { logits: model.get("logits").with(k, x) }),
      }),
    );
    const label = choice({
      label: "Right class y",
      options: classes.map((k) => [k, `${k}`]),
      value: model.get("label"),
      onchange: (y) => store(model, { label: y }),
    });
    const p = bars({ labels: names("p"), title: "Probabilities p" });
    const error = bars({ labels: classes.map(String), title: "Gradient p − y", signed: true });
    const J = heat({ rows: names("p"), columns: names("z"), title: "Jacobian ∂p/∂z" });
    el.replaceChildren(
      element("div", { class: "controls" }, ...sliders, offset, label, shift),
      element("div", { class: "panels" }, p, error, J),
      remark,
    );
    return { K, sliders, label, p, error, J };
  }

  // What goes wrong without the shift
  function trouble(z) {
    const e = z.map(Math.exp);
    if (e.every((x) => x === 0)) return "Every exponential is rounded to 0, and 0 / 0 is no number";
    const sum = e.some((x) => x === Infinity) ? "An exponential" : "The sum of the exponentials";
    return `${sum} is more than a float64 can hold, and becomes ∞`;
  }

  function update() {
    const logits = model.get("logits");
    if (parts.K !== logits.length) parts = build(logits.length);
    const y = model.get("label");
    const z = logits.map((x) => x + model.get("offset"));
    parts.sliders.forEach((s, k) => s.set(logits[k]));
    parts.label.set(y);
    offset.set(model.get("offset"));
    shift.set(model.get("shift"));
    const probabilities = softmax(z, model.get("shift"));
    parts.p.update(probabilities, y);
    parts.error.update(minusOneHot(probabilities, y), y);
    parts.J.update(softmaxJacobian(probabilities), 0.25); // no entry is larger
    const sum = probabilities.reduce((s, p) => s + p, 0);
    remark.textContent =
      Math.abs(sum - 1) < 1e-6
        ? `The loss, −log p${digit(y)}, is ${number(softmaxNll(z, y).loss)}.`
        : `The largest logit is ${number(Math.max(...z), 1)}. ${trouble(z)}. ` +
          "Subtract the largest logit first.";
    store(model, { probabilities });
  }
  for (const name of ["logits", "offset", "label", "shift"]) model.on(`change:${name}`, update);
  update();
}

export default { render };
