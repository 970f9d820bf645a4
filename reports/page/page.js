"use strict";
// Draws every chart of the page. Expressions run in Vega's interpreter (ast), so the page needs no eval;
// colours are CSS variables, so themes and paper need no second drawing.

// A figure leaves the page: as wide as one or two columns of a paper, in the light colours, on white.
const MM = { narrow: 88, wide: 180 };
const PNG_PER_MM = 600 / 25.4;
const colours = document.styleSheets[0].cssRules[0].style;
const onPaper = async (view, mm) => {
  const drawn = (await view.toSVG()).replace(/var\((--[\w-]+)\)/g, (_, name) => colours.getPropertyValue(name).trim());
  const svg = new DOMParser().parseFromString(drawn, "image/svg+xml").documentElement;
  const [width, height] = svg.getAttribute("viewBox").split(" ").slice(2).map(Number);
  const ground = document.createElementNS(svg.namespaceURI, "rect");
  for (const [key, value] of Object.entries({ width: "100%", height: "100%", fill: "#ffffff" })) ground.setAttribute(key, value);
  svg.prepend(ground);
  svg.setAttribute("width", `${mm}mm`);
  svg.setAttribute("height", `${(mm * height) / width}mm`);
  return { text: new XMLSerializer().serializeToString(svg), ratio: height / width };
};
const asPng = async ({ text, ratio }, mm) => {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(mm * PNG_PER_MM);
  canvas.height = Math.round(mm * PNG_PER_MM * ratio);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
};
// All rows that a chart draws, each list of them once; what only follows the pointer is left out.
const drawnRows = (spec, named, data) => {
  const own = spec.data ?? data;
  const inner = ["layer", "concat", "hconcat", "vconcat"].flatMap((join) => spec[join] ?? []);
  const found = inner.flatMap((part) => drawnRows(part, named, own));
  const values = own?.values ?? named[own?.name];
  const follows = spec.encoding?.opacity?.condition !== undefined;
  if (spec.mark && values && !follows) found.push([spec.mark.type ?? spec.mark, values]);
  return found;
};
const asCsv = (spec) => {
  const seen = new Map();
  for (const [mark, rows] of drawnRows(spec, spec.datasets ?? {}, undefined))
    if (rows.length && !seen.has(JSON.stringify(rows))) seen.set(JSON.stringify(rows), [mark, rows]);
  const rows = [...seen.values()].flatMap(([mark, rows]) => (seen.size > 1 ? rows.map((row) => ({ mark, ...row })) : rows));
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value) => (/[",\n]/.test(value ?? "") ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map((row) => row.map(cell).join(",") + "\n").join("");
};
const offer = (name, view, spec) => {
  const place = document.querySelector(`.save[data-figure="${name}"]`);
  const mm = place.closest("figure").classList.contains("wide") ? MM.wide : MM.narrow;
  const forms = {
    svg: async () => new Blob([(await onPaper(view, mm)).text], { type: "image/svg+xml" }),
    png: async () => asPng(await onPaper(view, mm), mm),
    csv: async () => new Blob([asCsv(spec)], { type: "text/csv" }),
  };
  for (const [form, made] of Object.entries(forms)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = form.toUpperCase();
    button.title = form === "csv" ? "save the data" : `save the figure, ${mm} mm wide`;
    button.addEventListener("click", async () => {
      const link = document.createElement("a");
      link.download = `${name}.${form}`;
      link.href = URL.createObjectURL(await made());
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    place.append(button);
  }
};

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
  // Marks that linked.js draws over a chart are not in what Vega saves: those charts are not offered.
  const linked = JSON.parse(document.getElementById("linked")?.textContent ?? "null");
  const overdrawn = new Set(linked ? [...linked.panels, linked.coordinates].map(({ chart }) => chart) : []);
  const views = {};
  for (const place of document.querySelectorAll("[data-chart]")) {
    const name = place.dataset.chart;
    views[name] = (await window.vegaEmbed(place, specs[name], options)).view;
    await views[name].resize().runAsync();
    if (!overdrawn.has(name)) offer(name, views[name], specs[name]);
  }
  if (linked) drawLinked(linked, views); // of linked.js
  // A legend knows its columns once the width is known, and the height is known after that.
  const settle = () => requestAnimationFrame(() => Object.values(views).forEach((view) => view.resize().runAsync()));
  window.addEventListener("resize", settle);
  // Paper shows what is folded on the screen.
  const folds = document.querySelectorAll("details");
  window.addEventListener("beforeprint", () => folds.forEach((fold) => { fold.dataset.was = fold.open; fold.open = true; }));
  window.addEventListener("afterprint", () => folds.forEach((fold) => { fold.open = fold.dataset.was === "true"; }));
  document.documentElement.dataset.drawn = String(document.querySelectorAll("[data-chart] svg").length);
})();
