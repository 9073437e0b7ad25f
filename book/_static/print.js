// Paper is white: the dark theme is put aside while a page is printed.
const page = document.documentElement;
let theme;
addEventListener("beforeprint", () => {
  theme = page.dataset.theme;
  page.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  page.dataset.theme = theme;
});

// Paper shows all formulas at once, also those that have not come into view: then it is too late to
// fetch their letters.
addEventListener("load", () =>
  setTimeout(() => {
    for (const font of document.fonts) {
      const letters = font.family.startsWith("MJXTEX-") && font.family.replace("MJXTEX-", ".TEX-");
      if (letters && document.querySelector(letters)) font.load();
    }
  }, 2000),
);
