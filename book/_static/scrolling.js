// What is wider than the page scrolls within itself. So that the arrow keys can scroll it, too, it
// takes the focus. Each part is measured when it is laid out; the theme would measure them all at
// once, before anything can be read (tools/pages.py keeps it from that).
document.addEventListener("DOMContentLoaded", () => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls =
        target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
      if (scrolls) target.tabIndex = 0; // and may keep it when the window grows
    }
  });
  const wide =
    "pre, .cell_output > .output, .pst-scrollable-table-container, div.math > mjx-container";
  for (const part of document.querySelectorAll(wide)) observer.observe(part);
});
