// A confusion matrix. Choose a cell, and see its digits and what the network thought of them.
import { bars, element, inflated, number, picture, store, tint } from "./parts.js";

// Bytes as confusions.py packs them → the matrix, a list of digits, sorted. The matrix takes 200
// bytes; the number of a digit 2, its probabilities 20, label and answer 1 each, its pixels 784.
async function unpacked(data) {
  const bytes = await inflated(data);
  const n = (bytes.length - 200) / 808;
  const words = new Uint16Array(bytes.buffer, 0, 100 + 11 * n);
  const [labels, answers] = [bytes.subarray(200 + 22 * n), bytes.subarray(200 + 23 * n)];
  const pixels = bytes.subarray(200 + 24 * n);
  const matrix = Array.from({ length: 10 }, (_, i) => Array.from(words.slice(10 * i, 10 * i + 10)));
  const digits = Array.from({ length: n }, (_, m) => ({
    number: words[100 + m],
    p: Array.from(words.subarray(100 + n + 10 * m, 110 + n + 10 * m), (x) => x / 65535),
    label: labels[m],
    answer: answers[m],
    pixels: Array.from(pixels.subarray(784 * m, 784 * (m + 1)), (x) => x / 255),
  }));
  return { matrix, digits };
}

// One digit: its picture, and the three classes that the network thought most likely
function card({ number: which, p, label, answer, pixels }) {
  const first = p.map((_, k) => k).sort((i, j) => p[j] - p[i]).slice(0, 3);
  const thoughts = bars({
    labels: first.map(String),
    title: `No. ${which}: ${percent(p[answer])} sure`,
    show: percent,
  });
  thoughts.update(first.map((k) => p[k]), first.indexOf(label));
  const image = picture({ alt: `Test digit ${which}, a ${label}` });
  image.update(pixels);
  return element("li", {}, image, thoughts);
}

// A softmax is never 100 % sure, and never rules a class out.
function percent(p) {
  const text = number(100 * p, 1);
  return `${text === "100.0" ? "> 99.9" : text === "0.0" ? "< 0.1" : text}\u00a0%`;
}

async function render({ model, el }) {
  const { matrix, digits } = await unpacked(model.get("data"));
  const sum = (values) => values.reduce((s, x) => s + x, 0);
  const column = (j) => matrix.map((row) => row[j]);
  const right = sum(matrix.map((row, k) => row[k]));
  const most = Math.max(...matrix.flatMap((row, i) => row.filter((_, j) => j !== i)));
  const grouped = (n) => n.toLocaleString("en");
  const counted = (n) => `${grouped(n)} ${n === 1 ? "digit" : "digits"}`;
  const choose = (i, j) => store(model, { cell: [i, j] });

  // A grid as screen readers know it: one cell can be reached by Tab, arrows lead to the others.
  const cells = matrix.map((row, i) =>
    row.map((count, j) =>
      element(
        "td",
        {
          role: "gridcell",
          tabindex: -1,
          class: i === j ? "right" : count ? "wrong" : "none",
          style: i !== j && count ? `background: ${tint(Math.sqrt(count / most))}` : null,
          "aria-label": `true ${i}, read as ${j}: ${counted(count)}`,
          onclick: () => {
            reach(i, j);
            choose(i, j);
          },
          onkeydown: (event) => pressed(event, i, j),
        },
        i !== j && !count ? "·" : `${count}`,
      ),
    ),
  );
  let reached = cells[0][0];
  function reach(i, j, focus = true) {
    reached.tabIndex = -1;
    reached = cells[i][j];
    reached.tabIndex = 0;
    if (focus) reached.focus();
  }
  function pressed(event, i, j) {
    const moves = {
      ArrowUp: [i - 1, j],
      ArrowDown: [i + 1, j],
      ArrowLeft: [i, j - 1],
      ArrowRight: [i, j + 1],
      Home: [i, 0],
      End: [i, 9],
    };
    if (event.key in moves) {
      const [down, across] = moves[event.key];
      if (cells[down]?.[across]) reach(down, across);
    } else if (event.key === "Enter" || event.key === " ") choose(i, j);
    else return;
    event.preventDefault(); // the page does not scroll
  }
  const heads = cells.map((_, k) => element("th", { scope: "col" }, `${k}`));
  const grid = element(
    "table",
    // In JupyterLab, arrows would move from cell to cell of the notebook.
    { class: "confusion", role: "grid", "data-lm-suppress-shortcuts": true },
    element(
      "caption",
      {},
      `${grouped(right)} of ${grouped(sum(matrix.flat()))} digits read correctly`,
      element("small", {}, "Rows: the true digit. Columns: what was read."),
    ),
    element("thead", {}, element("tr", {}, element("td"), ...heads)),
    element(
      "tbody",
      {},
      ...cells.map((row, i) => element("tr", {}, element("th", { scope: "row" }, `${i}`), ...row)),
    ),
  );

  const remark = element("p", { class: "remark", role: "status" });
  const sums = element("p", {});
  const list = element("ul", { class: "cards" });
  function update() {
    const [i, j] = model.get("cell");
    const count = matrix[i][j];
    const members = digits.filter(({ label, answer }) => label === i && answer === j);
    cells.flat().forEach((cell) => cell.setAttribute("aria-selected", "false"));
    cells[i][j].setAttribute("aria-selected", "true");
    reach(i, j, false);
    const which =
      i === j
        ? `These are the ${members.length} of which the network was least sure.`
        : count > 1 && "The surest mistake comes first.";
    remark.replaceChildren(
      element("strong", {}, `True ${i}, read as ${j}: ${count ? counted(count) : "none"}. `),
      which || "",
    );
    const [there, said] = [sum(matrix[i]), sum(column(j))];
    sums.textContent =
      `Of the ${grouped(there)} true ${i}s, ${there - matrix[i][i]} are read as another digit. ` +
      `Of the ${grouped(said)} read as ${j}, ${said - matrix[j][j]} are another digit.`;
    list.replaceChildren(...members.map(card));
    store(model, { shown: members.map((digit) => digit.number) });
  }
  model.on("change:cell", update);
  el.append(
    element(
      "div",
      { class: "panels" },
      grid,
      element(
        "div",
        {},
        remark,
        sums,
        element(
          "p",
          {},
          "Orange cells are mistakes. The colour grows with the square root of the count, so " +
            "that one digit can be seen, too. Beside a picture, the true class is underlined.",
        ),
      ),
    ),
    list,
  );
  update();
}

export default { render };
