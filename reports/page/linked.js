"use strict";
// Draws many points over the axes of several charts, lit by one brush in all of them. Dots are drawn on a canvas,
// for a step of the brush draws all of them again; what stays is SVG. Places are shares of a panel, from 0 to 1, so
// that a brush stays where it is when a panel changes its size.
const drawLinked = ({ points, at, front, knee, intervals, beside, panels, coordinates }, views) => {
  const REACH = 7, MOVED = 3; // pixels: how near a mark is pointed at, how far a drag is no click
  const RADIUS = 3.5, LIT = 0.9, DIM = 0.12;
  const root = document.documentElement, total = points.which.length;
  const charts = [...panels, coordinates];
  let brush = null; // { panel, x: [low, high], y: [low, high] }
  let waiting = 0, painted = 0;

  const element = (parent, name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return parent.appendChild(made);
  };
  const ground = (chart) => {
    const view = views[chart];
    const svg = document.querySelector(`#chart-${chart} svg`);
    const group = element(svg, "g", { class: "linked" });
    return { chart, view, svg, group, width: 0, height: 0 };
  };
  const fixed = (value) => String(Math.round(value * 10) / 10);

  for (const panel of panels) {
    Object.assign(panel, ground(panel.chart));
    const { group } = panel;
    panel.levels = panel.levels.map((level) => ({
      ...level, path: element(group, "path", { class: "density", fill: "var(--dense)", opacity: level.opacity }),
    }));
    panel.bars = element(group, "path", { class: "intervals", stroke: "var(--delta)", opacity: 0.45 });
    panel.box = element(group, "rect", {
      class: "brush", fill: "var(--muted)", "fill-opacity": 0.14, stroke: "var(--muted)", visibility: "hidden",
    });
    panel.area = element(group, "rect", { class: "area", fill: "none", "pointer-events": "all" });
    panel.canvas = panel.svg.parentElement.appendChild(document.createElement("canvas"));
  }
  Object.assign(coordinates, ground(coordinates.chart));
  const stroked = (name, width, opacity) => element(coordinates.group, "path", {
    class: name, fill: "none", stroke: "var(--delta)", "stroke-width": width, opacity,
  });
  coordinates.dim = stroked("dim", 1, 0.12);
  coordinates.lit = stroked("lit", 1, 0.7);
  coordinates.knee = stroked("knee", 3, 0.9);
  coordinates.dots = stroked("dots", 6, 0.8);
  coordinates.dots.setAttribute("stroke-linecap", "round"); // of lines without a length
  coordinates.area = element(coordinates.group, "rect", { class: "area", fill: "none", "pointer-events": "all" });

  // Where everything lies, in pixels: worked out again for a chart that changed its size.
  const place = (chart) => {
    const [left, top] = chart.view.origin(), padding = chart.view.padding();
    const now = {
      left: left + padding.left, top: top + padding.top, width: chart.view.width(), height: chart.view.height(),
      density: window.devicePixelRatio,
    };
    if (Object.keys(now).every((name) => now[name] === chart[name])) return false;
    Object.assign(chart, now);
    chart.group.setAttribute("transform", `translate(${chart.left},${chart.top})`);
    chart.area.setAttribute("width", chart.width);
    chart.area.setAttribute("height", chart.height);
    return true;
  };
  const layPanel = (panel) => {
    const { left, top, width, height, density, canvas, svg } = panel;
    const whole = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.left = `${(100 * left) / whole.width}%`; // shares, for paper makes both narrower
    canvas.style.top = `${(100 * top) / whole.height}%`;
    canvas.style.width = `${(100 * width) / whole.width}%`;
    canvas.style.height = `${(100 * height) / whole.height}%`;
    const across = at[panel.x].map((share) => share * width), down = at[panel.y].map((share) => (1 - share) * height);
    panel.across = across;
    panel.down = down;
    for (const { squares, side, path } of panel.levels) {
      const w = fixed(side * width), h = fixed(side * height);
      path.setAttribute("d", squares.map(([column, row]) =>
        `M${fixed(column * side * width)} ${fixed((1 - (row + 1) * side) * height)}h${w}v${h}h-${w}z`).join(""));
    }
    const bars = [];
    (intervals[panel.x] || []).forEach((ends, row) => {
      if (ends) bars.push(`M${fixed(ends[0] * width)} ${fixed(down[front + row])}H${fixed(ends[1] * width)}`);
    });
    (intervals[panel.y] || []).forEach((ends, row) => {
      if (ends) bars.push(`M${fixed(across[front + row])} ${fixed((1 - ends[0]) * height)}V${fixed((1 - ends[1]) * height)}`);
    });
    panel.bars.setAttribute("d", bars.join(""));
    const known = beside && panel.x in beside.at && panel.y in beside.at;
    panel.apart = known ? [beside.at[panel.x] * width, (1 - beside.at[panel.y]) * height] : null;
  };
  const layCoordinates = () => {
    const { width, height, labels } = coordinates;
    const across = labels.map((_, column) => ((column + 0.5) / labels.length) * width);
    const dot = (row, column) => `${fixed(across[column])} ${fixed((1 - coordinates.at[row][column]) * height)}`;
    coordinates.across = across;
    coordinates.lines = coordinates.at.map((heights, row) => "M" + heights.map((_, column) => dot(row, column)).join("L"));
    coordinates.ends = coordinates.at.map((heights, row) => heights.map((_, column) => `M${dot(row, column)}h0`).join(""));
  };

  // Dots are laid over each other by hand, which is ten times as fast as letting the canvas do so: a plane for each
  // colour holds how much of every pixel is covered. A plane is wider than its panel by a dot's reach on each side.
  const disc = (radius, pitch) => {
    const reach = Math.ceil(radius), steps = [], shares = [];
    for (let y = -reach; y <= reach; y++)
      for (let x = -reach; x <= reach; x++) {
        const share = Math.min(1, radius + 0.5 - Math.hypot(x, y));
        if (share <= 0) continue;
        steps.push(y * pitch + x);
        shares.push(share);
      }
    return { steps, shares };
  };
  const cover = (plane, { steps, shares }, middle, opacity) => {
    for (let place = 0; place < steps.length; place++) {
      const pixel = middle + steps[place];
      plane[pixel] += (1 - plane[pixel]) * shares[place] * opacity;
    }
  };
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim(); // #rrggbb, as page.css has them
  const parts = (text) => [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
  const stamp = (panel, lit) => {
    const { canvas, across, down, density } = panel, { width, height } = canvas;
    if (!width || !height) return; // nothing is shown of it now
    const edge = Math.ceil(2 * RADIUS * density) + 1, pitch = width + 2 * edge;
    const size = pitch * (height + 2 * edge);
    if (!panel.planes || panel.planes[0].length !== size) panel.planes = [0, 1].map(() => new Float32Array(size));
    const [below, above] = panel.planes;
    below.fill(0);
    above.fill(0);
    const usual = disc(RADIUS * density, pitch), large = disc(2 * RADIUS * density, pitch);
    for (let row = 0; row < total; row++) {
      const middle = (Math.round(down[row] * density) + edge) * pitch + Math.round(across[row] * density) + edge;
      cover(row < front ? below : above, row === knee ? large : usual, middle, lit[row] ? LIT : DIM);
    }
    const pen = canvas.getContext("2d"), image = pen.createImageData(width, height), { data } = image;
    const dense = parts(colour("--dense")), delta = parts(colour("--delta"));
    for (let line = 0, pixel = 0; line < height; line++)
      for (let column = 0, from = (line + edge) * pitch + edge; column < width; column++, from++, pixel += 4) {
        const top = above[from], rest = below[from] * (1 - top), sum = top + rest;
        if (!sum) continue;
        data[pixel] = (top * delta[0] + rest * dense[0]) / sum;
        data[pixel + 1] = (top * delta[1] + rest * dense[1]) / sum;
        data[pixel + 2] = (top * delta[2] + rest * dense[2]) / sum;
        data[pixel + 3] = 255 * sum;
      }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.putImageData(image, 0, 0);
    if (panel.apart) diamond(pen, panel.apart, density);
  };
  const diamond = (pen, [x, y], density) => {
    pen.setTransform(density, 0, 0, density, x * density, y * density);
    pen.beginPath();
    for (const [right, below] of [[0, -9], [8, 0], [0, 9], [-8, 0]]) pen.lineTo(right, below);
    pen.closePath();
    pen.fillStyle = colour("--dense");
    pen.strokeStyle = colour("--delta");
    pen.lineWidth = 1.5;
    pen.fill();
    pen.stroke();
  };

  // What lies in the brush is lit, everywhere; without a brush all is.
  const isLit = () => {
    if (!brush) return () => true;
    const { panel, x, y } = brush, along = at[panel.x], up = at[panel.y];
    return (row) => along[row] >= x[0] && along[row] <= x[1] && up[row] >= y[0] && up[row] <= y[1];
  };
  const paint = () => {
    charts.filter(place).forEach((chart) => (chart === coordinates ? layCoordinates() : layPanel(chart)));
    const seen = isLit();
    const lit = Array.from(points.which, (_, row) => (seen(row) ? 1 : 0));
    for (const panel of panels) {
      stamp(panel, lit);
      const own = brush && brush.panel === panel;
      panel.box.setAttribute("visibility", own ? "visible" : "hidden");
      if (!own) continue;
      const { x, y } = brush;
      panel.box.setAttribute("x", x[0] * panel.width);
      panel.box.setAttribute("y", (1 - y[1]) * panel.height);
      panel.box.setAttribute("width", (x[1] - x[0]) * panel.width);
      panel.box.setAttribute("height", (y[1] - y[0]) * panel.height);
    }
    const lines = { dim: [], lit: [], knee: [] }, ends = [];
    coordinates.lines.forEach((line, row) => {
      const state = lit[coordinates.first + row] ? "lit" : "dim";
      lines[state === "lit" && coordinates.first + row === knee ? "knee" : state].push(line);
      if (state === "lit") ends.push(coordinates.ends[row]);
    });
    for (const name of Object.keys(lines)) coordinates[name].setAttribute("d", lines[name].join(""));
    coordinates.dots.setAttribute("d", ends.join(""));
    root.dataset.painted = String(++painted);
    root.dataset.lit = String(lit.reduce((sum, one) => sum + one, 0));
  };
  const ask = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; paint(); }); };

  // What is pointed at: its row, or what is said where no row is.
  const tooltip = document.body.appendChild(document.createElement("div"));
  tooltip.className = "vg-tooltip";
  const tell = (event, said) => {
    tooltip.classList.toggle("visible", Boolean(said));
    if (!said) return;
    const table = document.createElement("table");
    for (const [key, value] of said) {
      const row = table.insertRow();
      for (const [name, text] of [["key", key], ["value", value]]) {
        const cell = row.insertCell();
        cell.className = name;
        cell.textContent = text;
      }
    }
    tooltip.replaceChildren(table);
    const { width, height } = tooltip.getBoundingClientRect();
    tooltip.style.left = `${Math.max(0, Math.min(event.clientX + 14, root.clientWidth - width - 4))}px`;
    tooltip.style.top = `${event.clientY + 14 + height < window.innerHeight ? event.clientY + 14 : event.clientY - 14 - height}px`;
  };
  const nearest = (places, x, y) => {
    let found = null, least = REACH * REACH;
    for (let row = 0; row < places.length; row++) {
      const away = (places[row][0] - x) ** 2 + (places[row][1] - y) ** 2;
      if (away <= least) [found, least] = [row, away];
    }
    return found;
  };
  const inside = (chart, event) => {
    const { left, top, width, height } = chart.area.getBoundingClientRect();
    const share = (value) => Math.min(1, Math.max(0, value));
    return [share((event.clientX - left) / width), share(1 - (event.clientY - top) / height)];
  };
  const pointed = (panel, event) => {
    const [x, y] = inside(panel, event);
    return nearest(panel.across.map((across, row) => [across, panel.down[row]]), x * panel.width, (1 - y) * panel.height);
  };

  for (const panel of panels) {
    let drag = null; // where it began, and the brush that is moved
    panel.area.style.touchAction = "pan-y";
    const over = (event) => {
      const row = pointed(panel, event);
      const [x, y] = inside(panel, event);
      panel.area.style.cursor = row !== null && row in points.pages ? "pointer" : "crosshair";
      if (row !== null) tell(event, [["which", points.which[row]], ["set to", points.set[row]], ["comes to", points.cost[row]]]);
      else if (panel.apart && nearest([panel.apart], x * panel.width, (1 - y) * panel.height) !== null)
        tell(event, [["which", beside.which], ["comes to", beside.cost]]);
      else tell(event, null);
    };
    panel.area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      panel.area.setPointerCapture(event.pointerId);
      const [x, y] = inside(panel, event);
      const own = brush && brush.panel === panel ? brush : null;
      const held = own && x >= own.x[0] && x <= own.x[1] && y >= own.y[0] && y <= own.y[1] ? own : null;
      drag = { x, y, held, from: [event.clientX, event.clientY], moved: false };
    });
    panel.area.addEventListener("pointermove", (event) => {
      if (!drag) return over(event);
      drag.moved ||= Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]) > MOVED;
      if (!drag.moved) return;
      tell(event, null);
      const [x, y] = inside(panel, event);
      const along = ([low, high], by) => {
        const step = Math.max(-low, Math.min(1 - high, by));
        return [low + step, high + step];
      };
      brush = drag.held
        ? { panel, x: along(drag.held.x, x - drag.x), y: along(drag.held.y, y - drag.y) }
        : { panel, x: [Math.min(x, drag.x), Math.max(x, drag.x)], y: [Math.min(y, drag.y), Math.max(y, drag.y)] };
      ask();
    });
    panel.area.addEventListener("pointerup", (event) => {
      if (!drag) return;
      const click = !drag.moved;
      drag = null;
      if (!click) return;
      const row = pointed(panel, event);
      if (row !== null && row in points.pages) {
        const link = document.createElement("a");
        link.href = points.pages[row];
        link.click();
      } else if (brush) {
        brush = null;
        ask();
      }
    });
    panel.area.addEventListener("pointercancel", () => { drag = null; });
    panel.area.addEventListener("pointerleave", (event) => tell(event, null));
  }
  coordinates.area.addEventListener("pointermove", (event) => {
    const [x, y] = inside(coordinates, event);
    const count = coordinates.labels.length;
    const column = Math.min(count - 1, Math.floor(x * count));
    const places = coordinates.at.map((heights) => [coordinates.across[column], (1 - heights[column]) * coordinates.height]);
    const row = nearest(places, x * coordinates.width, (1 - y) * coordinates.height);
    tell(event, row === null ? null : [
      ["which", points.which[coordinates.first + row]], ["axis", coordinates.labels[column]], ["value", coordinates.shown[row][column]],
    ]);
  });
  coordinates.area.addEventListener("pointerleave", (event) => tell(event, null));

  paint();
  charts.forEach(({ view }) => view.addResizeListener(ask));
  for (const media of ["(prefers-color-scheme: dark)", "print"])
    window.matchMedia(media).addEventListener("change", paint);
};
