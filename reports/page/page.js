"use strict";
// Draws every chart of the page. Expressions run in Vega's interpreter (ast), so the page needs no eval;
// colours are CSS variables, so themes and paper need no second drawing.
(async () => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const options = {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true, offsetX: 14, offsetY: 14 },
  };
  const views = {};
  for (const place of document.querySelectorAll("[data-chart]")) {
    const name = place.dataset.chart;
    views[name] = (await window.vegaEmbed(place, specs[name], options)).view;
    await views[name].resize().runAsync();
  }
  const linked = document.getElementById("linked");
  if (linked) drawLinked(JSON.parse(linked.textContent), views); // of linked.js
  // A legend knows its columns once the width is known, and the height is known after that.
  const settle = () => requestAnimationFrame(() => Object.values(views).forEach((view) => view.resize().runAsync()));
  window.addEventListener("resize", settle);
  // Paper shows what is folded on the screen.
  const folds = document.querySelectorAll("details");
  window.addEventListener("beforeprint", () => folds.forEach((fold) => { fold.dataset.was = fold.open; fold.open = true; }));
  window.addEventListener("afterprint", () => folds.forEach((fold) => { fold.open = fold.dataset.was === "true"; }));
  document.documentElement.dataset.drawn = String(document.querySelectorAll("[data-chart] svg").length);
})();
