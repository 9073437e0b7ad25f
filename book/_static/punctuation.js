// Keeps a comma or a full stop on the line of the formula before it. A browser may break the line
// anywhere around an inline formula, and then begins the next one with the punctuation.
document.addEventListener("DOMContentLoaded", () => {
  for (const formula of document.querySelectorAll("span.math")) {
    const text = formula.nextSibling;
    const mark = text?.nodeType === Node.TEXT_NODE && text.data.match(/^[.,;:!?)]+/)?.[0];
    if (!mark) continue;
    const line = document.createElement("span");
    line.style.whiteSpace = "nowrap";
    formula.replaceWith(line);
    line.append(formula, mark);
    text.data = text.data.slice(mark.length);
  }
});
