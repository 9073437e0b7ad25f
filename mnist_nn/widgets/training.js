// A network of 784-h-10 units learns real digits while one looks on.
import {
  addExample, argmax, forward, generator, inits, network, noGradient, permutation, sgdStep,
} from "./maths.js";
import {
  button, chart, checkbox, choice, element, inflated, number, picture, slider, store,
} from "./parts.js";

const [LEARN, UNSEEN, QUARTER, EPOCHS] = [2000, 500, 500, 50];

// Bytes as training.py packs them: the digits to learn from, the unseen ones, the labels of all
function digitsOf(bytes) {
  const images = Array.from({ length: LEARN + UNSEEN }, (_, m) => {
    const x = new Float64Array(784);
    for (let i = 0; i < 784; i++) x[i] = bytes[784 * m + i] / 255;
    return x;
  });
  return { images, labels: bytes.subarray(784 * images.length) };
}

// A training run; all its numbers follow from the settings, for which it asks before every step.
// pieces.next() does the work of one digit, and gives true when a step is done and has been tested,
// if it is to be. They end after 50 epochs, or when the loss is no longer a number.
function trainingRun({ images, labels }, settings) {
  const { width, activation, init, seed } = settings();
  const rng = generator(seed);
  const net = network([784, width, 10], activation, init, rng);
  const gradient = noGradient(net);
  const parts = [...gradient.dW, ...gradient.db].flat().filter(Boolean);
  const run = { net, step: 0, seen: 0, losses: [], points: [], wrong: [], dead: 0 };
  run.pieces = pieces();
  return run;

  function* pieces() {
    let sums = { digits: 0, loss: 0, right: 0 };
    yield* test(sums);
    while (run.seen < EPOCHS * LEARN) {
      const order = permutation(rng, LEARN);
      for (let next = 0; next < LEARN; ) {
        const { learning_rate, batch_size } = settings();
        const batch = order.subarray(next, next + batch_size);
        next += batch.length;
        let [loss, right] = [0, 0];
        for (const part of parts) part.fill(0);
        for (const m of batch) {
          const one = addExample(net, images[m], labels[m], 1 / batch.length, gradient);
          loss += one.loss / batch.length;
          right += Number(one.right);
          yield false;
        }
        run.diverged = !Number.isFinite(loss);
        if (run.diverged) return;
        sgdStep(net, gradient, learning_rate);
        run.step += 1;
        run.seen += batch.length;
        run.losses.push([run.seen / LEARN, loss]);
        sums.digits += batch.length;
        sums.loss += batch.length * loss;
        sums.right += right;
        if (run.byStep || run.seen % QUARTER < batch.length) {
          yield* test(sums);
          sums = { digits: 0, loss: 0, right: 0 };
        } else yield true;
      }
    }
  }

  function* test({ digits, loss, right }) {
    const [wrong, alive] = [[], new Set()];
    for (let m = LEARN; m < images.length; m++) {
      const { a, logits } = forward(net, images[m]);
      const answer = argmax(logits);
      if (answer !== labels[m]) wrong.push({ m, answer });
      a[1].forEach((x, k) => x > 0 && alive.add(k));
      yield false;
    }
    run.wrong = wrong;
    run.dead = width - alive.size;
    const mean = (sum) => (digits ? sum / digits : null);
    const unseen = (UNSEEN - wrong.length) / UNSEEN;
    run.points.push({ epoch: run.seen / LEARN, loss: mean(loss), learned: mean(right), unseen });
    yield true;
  }
}

async function render({ model, el }) {
  const digits = digitsOf(await inflated(model.get("data")));
  const first = ["width", "activation", "init", "seed"]; // a change of these starts again
  const names = [...first, "batch_size", "learning_rate", "fast"];
  const settings = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const percent = (share) => (share === null ? "–" : `${number(100 * share, 1)}\u00a0%`);

  // --- What the reader chooses
  const chosen = (name) => (value) => store(model, { [name]: value });
  const oneOf = (name, label, values) => {
    const options = values.map((value) => [value, `${value}`]);
    return choice({ label, options, value: model.get(name), onchange: chosen(name) });
  };
  const controls = {
    width: oneOf("width", "Hidden units h", [2, 4, 8, 16, 32, 64, 128]),
    activation: oneOf("activation", "Activation", ["relu", "sigmoid"]),
    init: oneOf("init", "First weights", Object.keys(inits)),
    seed: slider({
      label: "Seed",
      min: 0,
      max: 20,
      step: 1,
      value: model.get("seed"),
      show: String,
      oninput: chosen("seed"),
    }),
    batch_size: oneOf("batch_size", "Batch size", [1, 5, 10, 20, 50, 100, 200, 500, 2000]),
    learning_rate: slider({
      label: "Learning rate",
      min: -3,
      max: 1,
      step: 0.5,
      value: Math.log10(model.get("learning_rate")),
      show: (x) => `${Number((10 ** x).toPrecision(2))}`,
      oninput: (x) => store(model, { learning_rate: Number((10 ** x).toPrecision(1)) }),
    }),
    fast: checkbox({
      label: "full speed (else an epoch a second)",
      value: model.get("fast"),
      onchange: chosen("fast"),
    }),
  };
  const start = button("Start", () => {
    if (model.get("running")) store(model, { running: false });
    else begin(null);
  });
  const oneStep = button("One step", () => begin(() => true, true));
  const oneEpoch = button("One epoch", () => {
    const goal = Math.floor(run.seen / LEARN) + 1;
    begin(() => run.seen >= goal * LEARN);
  });
  const reset = button("Reset", fresh);

  // --- What the reader sees
  const readout = element("p", { class: "readout" });
  const titled = (title, ...content) =>
    element("div", {}, element("p", { class: "title" }, ...title), ...content);
  const key = (colour, text) =>
    element("span", { class: "keyed" }, element("span", { class: `key ${colour}` }), text);
  const [losses, shares, scale, count] = ["div", "div", "span", "span"].map((tag) => element(tag));
  const tiles = element("div", { class: "tiles", "aria-hidden": "true" });
  const misread = element("ul", { class: "misread" });
  const remark = element("p", { class: "remark", role: "status" });
  let [run, made, units, span, enough] = [null, "", [], 0, null];

  function axes() {
    const x = { min: 0, max: span, label: "epochs", ticks: [0, span / 2, span] };
    const y = { min: 0, max: 3, label: "loss", ticks: [0, 1, 2, 3] };
    const percents = { min: 0, max: 100, label: "right (%)", ticks: [0, 25, 50, 75, 100] };
    losses.replaceChildren(chart({ x, y, alt: "Loss against epochs" }));
    shares.replaceChildren(chart({ x, y: percents, alt: "Per cent right against epochs" }));
    losses.firstChild.line("thin dashed", [0, span].map((epoch) => [epoch, Math.log(10)]));
  }

  function draw() {
    const { points, net, seen } = run;
    const longer = [1, 2, 5, 10, 20, EPOCHS].find((epochs) => epochs * LEARN >= seen);
    if (longer !== span) axes((span = longer));
    const every = Math.ceil(run.losses.length / 400);
    const means = points.filter((point) => point.loss !== null);
    losses.firstChild.line("thin", run.losses.filter((_, i) => i % every === 0));
    losses.firstChild.line("blue", means.map((point) => [point.epoch, point.loss]));
    shares.firstChild.line("orange dashed", means.map((p) => [p.epoch, 100 * p.learned]));
    shares.firstChild.line("blue", points.map((p) => [p.epoch, 100 * p.unseen]));
    const now = points.at(-1);
    if (now.loss !== null) losses.firstChild.dot("blue", now.epoch, now.loss);
    shares.firstChild.dot("blue", now.epoch, 100 * now.unseen);

    const pictures = units.map((_, k) => net.W[1].map((row) => row[k]));
    const full = Math.max(...pictures.map((w) => Math.max(...w.map(Math.abs)))) / 2 || 1;
    units.forEach((unit, k) => unit.update(pictures[k].map((w) => w / full)));
    scale.textContent = `±${number(full)}`;

    const cells = {
      Epoch: number(seen / LEARN),
      Step: `${run.step}`,
      Loss: now.loss === null ? "–" : number(now.loss, 3),
      "Right of learned": percent(now.learned),
      "Right of unseen": percent(now.unseen),
      "Dead units": `${run.dead} of ${net.b[1].length}`,
    };
    readout.replaceChildren(
      ...Object.entries(cells).map(([name, value]) =>
        element("span", {}, `${name} `, element("b", {}, value)),
      ),
    );
  }

  // What is too much for every picture of the screen: the misread digits, and the model's values
  function report() {
    draw();
    count.textContent = `${run.wrong.length}`;
    misread.replaceChildren(
      ...run.wrong.slice(0, 8).map(({ m, answer }) => {
        const image = picture({ alt: `Training digit ${m}` });
        image.update(digits.images[m]);
        return element("li", {}, image, `${digits.labels[m]} read as ${answer}`);
      }),
    );
    if (remark.textContent !== said()) remark.textContent = said();
    store(model, {
      step: run.step,
      epoch: run.seen / LEARN,
      losses: run.losses.slice(-100).map(([, loss]) => loss),
      accuracy: run.points.at(-1).unseen,
    });
  }

  // --- The run
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let [request, last, drawn, reported, allowed, visible] = [0, 0, 0, 0, 0, false];

  function fresh() {
    made = JSON.stringify(first.map((name) => model.get(name)));
    run = trainingRun(digits, settings);
    while (!run.pieces.next().value); // until it has been tested
    span = 0; // the charts begin anew
    const shown = Math.min(model.get("width"), 16);
    units = Array.from({ length: shown }, () => picture({ alt: "", signed: true }));
    tiles.replaceChildren(...units);
    store(model, { running: false });
    report();
  }

  function begin(until, byStep = false) {
    if (run.over) fresh();
    enough = until;
    run.byStep = byStep;
    store(model, { running: true });
  }

  // `running` has changed, by a button, by a program, or because the end was reached.
  function switched() {
    const running = model.get("running");
    start.textContent = running ? "Pause" : "Start";
    report();
    next();
  }

  // In words, and only what a reader would want to be told
  function said() {
    const { step, seen, points } = run;
    const share = percent(points.at(-1).unseen);
    if (run.diverged) {
      return (
        `Stopped after ${step} steps: the loss is no longer a number that a computer can hold. ` +
        `The learning rate, ${model.get("learning_rate")}, is too large. Choose a smaller one.`
      );
    }
    if (step && run.dead === model.get("width")) {
      return (
        "All hidden units are dead: they give 0 for every unseen digit. So all digits get the " +
        "same answer, and only the biases of the last layer still learn."
      );
    }
    if (model.get("running")) return "Learning.";
    if (!step) {
      return (
        `A fresh network. It reads ${share} of the unseen digits correctly; ` +
        "guessing gives about 10\u00a0%."
      );
    }
    const epochs = `${number(seen / LEARN)} epochs`;
    return `After ${step} steps, ${epochs}, ${share} of the unseen digits are read correctly.`;
  }

  // Asks for the next frame. A browser gives none to a page that is hidden.
  function next() {
    if (request || !visible || !model.get("running")) return;
    last = performance.now();
    allowed = run.seen;
    request = requestAnimationFrame(frame);
  }

  // 12 milliseconds of work, so that the page stays quick; then a new picture, if it is time.
  function frame(now) {
    request = 0;
    if (!visible || !model.get("running")) return;
    const until = performance.now() + 12;
    allowed += 2 * Math.min(now - last, 100); // 2 digits in a millisecond: an epoch a second
    last = now;
    while (performance.now() < until && (model.get("fast") || run.seen < allowed)) {
      const { value, done } = run.pieces.next();
      run.over = done;
      if (done || (value && enough?.())) return store(model, { running: false });
    }
    if (model.get("fast")) allowed = run.seen; // from here on, should it be slow again
    if (now - reported > (reduced.matches ? 1000 : 500)) {
      reported = drawn = now;
      report();
    } else if (!reduced.matches && now - drawn > 80) {
      drawn = now;
      draw();
    }
    request = requestAnimationFrame(frame);
  }

  function update() {
    for (const name of names) {
      const value = model.get(name);
      controls[name].set(name === "learning_rate" ? Math.log10(value) : value);
    }
    if (made !== JSON.stringify(first.map((name) => model.get(name)))) fresh();
  }

  for (const name of names) model.on(`change:${name}`, update);
  model.on("change:running", switched);
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    next();
  });
  watcher.observe(el);
  el.append(
    element("div", { class: "controls" }, ...Object.values(controls)),
    element("div", { class: "row" }, start, oneStep, oneEpoch, reset),
    remark,
    readout,
    element(
      "div",
      { class: "panels" },
      titled(
        [
          "Loss: ",
          ...[key("thin", "a batch"), ", ", key("blue", "500 digits"), ", "],
          key("thin dashed", "guessing"),
        ],
        losses,
      ),
      titled(
        ["Right: ", key("blue", "of the unseen"), ", ", key("orange", "of the learned")],
        shares,
      ),
    ),
    titled(
      [
        "Weights of the first layer, a picture for each hidden unit (of the first 16): blue is " +
          "negative, orange positive, in full colour from ",
        scale,
        " on",
      ],
      tiles,
    ),
    titled([count, " of the 500 unseen digits are read wrong. The first of them:"], misread),
  );
  update();
  return () => {
    watcher.disconnect();
    cancelAnimationFrame(request);
  };
}

export default { render };
