// The last hours of the area: villages by level over time, and what people have done.

import { el } from "./dom.js";
import { pageHead } from "./pages.js";
import { exportsOf } from "./sheets.js";
import { actCells, clockOf, tableOf } from "./warning.js";
import { clock, w } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BELOW] = [1000, 220, 46, 24];

export const REVIEW = {
  address: () => "/api/v1/review",
  show(review, { live }) {
    const offset = live.state?.head.utc_offset_s ?? 0;
    const moments = review.moments ?? [];
    const acts = review.acts ?? [];
    return [pageHead(w.page.names.review, review.begin_s ? w.times.since(clock(review.begin_s, offset)) : "", ...exportsOf("acts")),
      el("section", { class: "page-section" }, el("h2", {}, w.page.overTime, el("span", {}, w.page.stacked)), moments.length > 1 ? chart(moments, offset) : el("p", { class: "quiet" }, w.page.tooYoung), tableUnder(moments, offset)),
      el("section", { class: "page-section" }, el("h2", {}, w.page.acts, el("span", {}, w.page.newestFirst)), acts.length ? tableOf(w.page.actHead, acts.map((one) => actCells(one, clockOf(live)))) : el("p", { class: "quiet" }, w.page.noActs),
        review.is_whole ? "" : el("p", { class: "quiet" }, w.page.more)),
      el("p", { class: "quiet" }, w.page.reviewCommand)];
  },
};

function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

// Steps, red at the bottom: the height is villages; each level has its own edge, dash and hatch, not colour alone.
function chart(moments, offset) {
  const most = Math.max(1, ...moments.map((one) => one.villages.reduce((sum, n) => sum + n, 0)));
  const [first, last] = [moments[0].at_s, moments[moments.length - 1].at_s];
  const x = (s) => LEFT + ((s - first) / Math.max(last - first, 1)) * (WIDTH - LEFT - 8);
  const y = (n) => HEIGHT - BELOW - (n / most) * (HEIGHT - BELOW - 10);
  const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": w.page.overTime });
  for (const share of [0, 0.5, 1]) {
    const n = Math.round(most * share);
    svg.append(node("line", { x1: LEFT, x2: WIDTH - 8, y1: y(n), y2: y(n), class: "chart-grid" }), text(LEFT - 6, y(n) + 4, n, "end"));
  }
  const below = moments.map(() => 0);
  for (const level of [4, 3, 2, 1]) {
    const top = moments.map((one, at) => below[at] + one.villages[level - 1]);
    const up = moments.map((one, at) => `${x(one.at_s)},${y(top[at])}`);
    const down = moments.map((one, at) => `${x(one.at_s)},${y(below[at])}`).reverse();
    if (top.some((n, at) => n > below[at])) svg.append(node("polygon", { points: [...up, ...down].join(" "), class: `chart-level chart-${level}` }));
    top.forEach((n, at) => { below[at] = n; });
  }
  const hours = Math.max(1, Math.round((last - first) / 3600 / 6));
  for (let s = Math.ceil((first + offset) / 3600) * 3600 - offset; s <= last; s += 3600 * hours) svg.append(text(x(s), HEIGHT - 6, clock(s, offset), "middle"));
  return svg;
}

function text(x, y, said, anchor) {
  const element = node("text", { x, y, "text-anchor": anchor, class: "chart-text" });
  element.textContent = String(said);
  return element;
}

// The same as numbers, each half an hour.
function tableUnder(moments, offset) {
  const step = Math.max(1, Math.ceil(moments.length / 12));
  const shown = moments.filter((_, at) => at % step === 0 || at === moments.length - 1);
  if (!shown.length) return "";
  return el("details", { "data-key": "numbers" }, el("summary", {}, w.page.asNumbers),
    tableOf([w.page.actHead[0], ...[4, 3, 2, 1].map((level) => w.level[level])], shown.map((one) => [clock(one.at_s, offset), ...[4, 3, 2, 1].map((level) => String(one.villages[level - 1]))])));
}
