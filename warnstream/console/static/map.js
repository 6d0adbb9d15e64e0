// The map on a canvas of our own: no tiles, no foreign request.
//
// `create(canvas, geo)`, then `all`, `diff`, `labels`, `select`, `theme`, `zoomBy`, `whole`. A change is drawn once, at
// the next frame of the screen. Level is never colour alone: red has a hatch and an outline, labels have letters.

const FONT = '600 13px system-ui, "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';
const FONT_COUNTY = '13px system-ui, "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';
const LEGEND = 46; // pixels below the map that the legend takes
// Seen without colour, blue is like orange and yellow like the resting ground: each level has a pattern of its own.
const PATTERN = { 2: "dots", 3: "lines", 4: "hatch" };
const AHEAD = [{ tenths: 100, width: 1.2, dash: [2, 3] }, { tenths: 250, width: 2, dash: [6, 3] }, { tenths: 500, width: 3, dash: [] }];
const NEAR = 2.2; // zoom from which single gauges are of use

export class CountyMap {
  constructor(canvas, geo, onPick) {
    this.canvas = canvas;
    this.geo = geo;
    this.context = canvas.getContext("2d", { alpha: false });
    this.level = new Uint8Array(geo.villages.length);
    this.sight = new Uint8Array(geo.villages.length);
    this.stations = new Uint8Array(0);
    this.named = [];
    this.expected = AHEAD.map(() => null);
    this.selected = -1;
    this.paths = geo.villages.map((village) => pathOf(village.rings));
    this.cells = new Path2D();
    for (const path of this.paths) this.cells.addPath(path);
    this.borders = geo.counties.map((county) => pathOf(county.rings));
    this.bounds = boundsOf(geo);
    this.byLevel = null;
    this.zoom = 1;
    this.shift = [0, 0];
    this.listen(onPick);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.theme();
    this.resize();
  }

  all(level, sight, stations) {
    this.level = level;
    this.sight = sight;
    this.stations = stations;
    this.byLevel = null;
    this.draw();
  }

  diff() {
    this.byLevel = null;
    this.draw();
  }

  // Rain that is expected: [village, tenths of mm]; outlined by its amount, never filled.
  ahead(villages) {
    const paths = AHEAD.map(() => null);
    for (const [at, tenths] of villages) {
      const kind = AHEAD.findLastIndex((one) => tenths >= one.tenths);
      if (kind >= 0) (paths[kind] ??= new Path2D()).addPath(this.paths[at]);
    }
    this.expected = paths;
    this.draw();
  }

  labels(towns) {
    if (towns.join() === this.named.join()) return;
    this.named = towns;
    this.draw();
  }

  select(village) {
    if (this.selected === village) return;
    this.selected = village;
    this.draw();
  }

  theme() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colour = {
      ground: read("ground"), rest: read("rest"), seam: read("seam"), border: read("border"), text: read("text"),
      halo: read("halo"), quiet: read("quiet"), edge: read("edge"), low: read("edge-low"),
      level: [read("rest"), read("blue"), read("yellow"), read("orange"), read("red")],
    };
    this.patterns = { 2: dotsOf(this.context, read("dots")), 3: hatchOf(this.context, read("lines"), 1, true), 4: hatchOf(this.context, read("hatch"), 2) };
    this.blindHatch = hatchOf(this.context, this.colour.border, 1);
    this.draw();
  }

  zoomBy(factor, at = null) {
    const zoom = Math.min(24, Math.max(1, this.zoom * factor));
    const [x, y] = at ?? [this.width / 2, this.height / 2];
    const share = zoom / this.zoom;
    this.shift = [x - (x - this.shift[0]) * share, y - (y - this.shift[1]) * share];
    this.zoom = zoom;
    if (zoom === 1) this.shift = [0, 0];
    this.draw();
  }

  whole() {
    this.zoom = 1;
    this.shift = [0, 0];
    this.draw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this.ratio = window.devicePixelRatio || 1;
    this.width = clientWidth;
    this.height = clientHeight;
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.draw();
  }

  draw() {
    if (this.due || !this.width) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      this.paint();
    });
  }

  // Map units to pixels of the page: scale, then offsets; y goes north.
  place() {
    const [west, south, east, north] = this.bounds;
    const room = 14;
    const height = this.height - LEGEND;
    const scale = Math.min((this.width - 2 * room) / (east - west || 1), (height - 2 * room) / (north - south || 1));
    const x = (this.width - scale * (east - west)) / 2 - scale * west;
    const y = (height - scale * (north - south)) / 2 + scale * north;
    return [scale * this.zoom, x * this.zoom + this.shift[0], y * this.zoom + this.shift[1]];
  }

  paint() {
    const { context: c, colour, ratio } = this;
    const [scale, x0, y0] = this.place();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = colour.ground;
    c.fillRect(0, 0, this.width, this.height);
    const toMap = () => c.setTransform(ratio * scale, 0, 0, -ratio * scale, ratio * x0, ratio * y0);
    toMap();
    c.fillStyle = colour.rest;
    c.fill(this.cells, "evenodd");
    c.strokeStyle = colour.seam;
    c.lineWidth = 0.7 / scale;
    c.stroke(this.cells);
    this.paintLevels(c, scale);
    c.strokeStyle = colour.border;
    c.lineWidth = 1.6 / scale;
    c.lineJoin = "round";
    for (const border of this.borders) c.stroke(border);
    c.strokeStyle = colour.text;
    this.expected.forEach((path, kind) => {
      if (!path) return;
      c.lineWidth = AHEAD[kind].width / scale;
      c.setLineDash(AHEAD[kind].dash.map((one) => one / scale));
      c.stroke(path);
      c.setLineDash([]);
    });
    if (this.selected >= 0) {
      c.strokeStyle = colour.text;
      c.lineWidth = 2.5 / scale;
      c.stroke(this.paths[this.selected]);
    }
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const at = (x, y) => [x * scale + x0, y0 - y * scale];
    this.paintStations(c, at);
    this.paintNames(c, at);
    this.canvas.dataset.drawn = String(Number(this.canvas.dataset.drawn ?? 0) + 1);
  }

  paintLevels(c, scale) {
    this.byLevel ??= this.gather();
    const { colour } = this;
    for (let level = 1; level <= 4; level += 1) {
      const path = this.byLevel[level];
      if (!path) continue;
      c.fillStyle = colour.level[level];
      c.fill(path, "evenodd");
      if (PATTERN[level]) this.fillHatch(c, path, this.patterns[level], scale);
      c.strokeStyle = level === 4 ? colour.edge : colour.low;
      c.lineWidth = (level === 4 ? 1.4 : 0.7) / scale;
      c.stroke(path);
    }
    if (this.byLevel.blind) this.fillHatch(c, this.byLevel.blind, this.blindHatch, scale);
  }

  // A pattern is of the screen's pixels, whatever the zoom.
  fillHatch(c, path, pattern, scale) {
    pattern.setTransform(new DOMMatrix([1 / (this.ratio * scale), 0, 0, -1 / (this.ratio * scale), 0, 0]));
    c.fillStyle = pattern;
    c.fill(path, "evenodd");
  }

  gather() {
    const found = { blind: null };
    this.paths.forEach((path, at) => {
      const level = this.level[at];
      if (level) (found[level] ??= new Path2D()).addPath(path);
      if (this.sight[at] === 2) (found.blind ??= new Path2D()).addPath(path);
    });
    return found;
  }

  paintStations(c, at) {
    const isNear = this.zoom >= NEAR;
    this.geo.stations.forEach(([, x, y], number) => {
      const condition = this.stations[number];
      const reports = condition === undefined || condition & 1;
      if (reports && !isNear) return;
      const [px, py] = at(x, y);
      if (reports) {
        c.fillStyle = this.colour.quiet;
        c.beginPath();
        c.arc(px, py, condition & 2 ? 2.5 : 1.8, 0, 7);
        c.fill();
      } else {
        c.fillStyle = this.colour.halo;
        c.fillRect(px - 3, py - 3, 6, 6);
        c.strokeStyle = this.colour.text;
        c.lineWidth = 1.2;
        c.strokeRect(px - 3, py - 3, 6, 6);
      }
    });
  }

  paintNames(c, at) {
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.lineJoin = "round";
    const taken = [];
    const name = (text, x, y, font, colour, isAlways) => {
      c.font = font;
      const half = c.measureText(text).width / 2 + 2;
      const box = [x - half, y - 9, x + half, y + 9];
      if (!isAlways && taken.some((one) => one[0] < box[2] && box[0] < one[2] && one[1] < box[3] && box[1] < one[3])) return;
      taken.push(box);
      c.lineWidth = 3.5;
      c.strokeStyle = this.colour.halo;
      c.strokeText(text, x, y);
      c.fillStyle = colour;
      c.fillText(text, x, y);
    };
    if (this.selected >= 0) {
      const village = this.geo.villages[this.selected];
      const [x, y] = at(village.x ?? 0, village.y ?? 0);
      c.strokeStyle = this.colour.halo;
      c.lineWidth = 5;
      ring(c, x, y, 13);
      c.strokeStyle = this.colour.text;
      c.lineWidth = 2.5;
      ring(c, x, y, 13);
      name(village.name, x, y - 25, FONT, this.colour.text, true);
    }
    for (const town of this.named) {
      const place = this.geo.towns[town];
      name(place.name, ...at(place.x ?? 0, place.y ?? 0), FONT, this.colour.text);
    }
    for (const county of this.geo.counties) {
      name(county.name, ...at(county.x ?? 0, county.y ?? 0), FONT_COUNTY, this.colour.quiet);
    }
  }

  villageAt(px, py) {
    const [scale, x0, y0] = this.place();
    const [x, y] = [(px - x0) / scale, (y0 - py) / scale];
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    return this.paths.findIndex((path) => this.context.isPointInPath(path, x, y, "evenodd"));
  }

  listen(onPick) {
    let from = null;
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, [event.offsetX, event.offsetY]);
    }, { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => {
      from = { x: event.offsetX, y: event.offsetY, shift: this.shift, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.offsetX - from.x, event.offsetY - from.y];
      if (Math.hypot(dx, dy) > 4) from.moved = true;
      if (!from.moved) return;
      this.shift = [from.shift[0] + dx, from.shift[1] + dy];
      this.draw();
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (from && !from.moved) {
        const village = this.villageAt(event.offsetX, event.offsetY);
        if (village >= 0) onPick(village);
      }
      from = null;
    });
  }
}

function pathOf(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      if (at === 0) path.moveTo(ring[0], ring[1]);
      else path.lineTo(ring[at], ring[at + 1]);
    }
    path.closePath();
  }
  return path;
}

function boundsOf(geo) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { rings } of [...geo.counties, ...geo.villages]) {
    for (const ring of rings) {
      for (let at = 0; at < ring.length; at += 2) {
        bounds[0] = Math.min(bounds[0], ring[at]);
        bounds[1] = Math.min(bounds[1], ring[at + 1]);
        bounds[2] = Math.max(bounds[2], ring[at]);
        bounds[3] = Math.max(bounds[3], ring[at + 1]);
      }
    }
  }
  return bounds.every(Number.isFinite) ? bounds : [0, 0, 1, 1];
}

function dotsOf(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 7;
  const c = tile.getContext("2d");
  c.fillStyle = colour;
  c.fillRect(2, 2, 2, 2);
  return context.createPattern(tile, "repeat");
}

function hatchOf(context, colour, width, isBack = false) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const c = tile.getContext("2d");
  c.strokeStyle = colour;
  c.lineWidth = width;
  if (isBack) c.setTransform(-1, 0, 0, 1, 8, 0);
  c.beginPath();
  for (const shift of [-8, 0, 8]) {
    c.moveTo(shift - 1, 9);
    c.lineTo(shift + 9, -1);
  }
  c.stroke();
  return context.createPattern(tile, "repeat");
}

function ring(c, x, y, radius) {
  c.beginPath();
  c.arc(x, y, radius, 0, 7);
  c.stroke();
}
