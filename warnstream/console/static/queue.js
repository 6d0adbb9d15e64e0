// The queue by township, in the one order that the console has given; on a quiet night what is watched.

import { bar, byId, el, keyed, setClass, setText } from "./dom.js";
import { clock, w } from "./words.js";

const AHEAD_SHOWN = 60;
let list = null;
let header = null;
let choose = null;

export function buildQueue(onChoose) {
  choose = onChoose;
  header = { left: el("strong"), right: el("span") };
  list = el("div", { id: "rows", role: "listbox", tabindex: "0" });
  byId("queue").replaceChildren(el("div", { id: "queue-head" }, header.left, header.right), list, el("div", { id: "calm" }));
}

export function showQueue(live, geo, selected, session, urgent, onVillage, village) {
  if (live.state.head.mode === "expected") return showAhead(live, geo, onVillage, village);
  const rows = [...live.rows.values()];
  const levels = live.state.head.levels;
  const villages = levels.reduce((sum, n) => sum + n, 0);
  setText(header.left, w.inForce(rows.length, villages));
  setText(header.right, rows.length ? w.urgent : "");
  list.setAttribute("aria-label", w.title);
  byId("queue").classList.toggle("calm", rows.length === 0);
  const nowS = live.clock.now_s ?? 0;
  const offset = live.state.head.utc_offset_s ?? 0;
  keyed(list, rows, (row) => String(row.town), make, (element, row) => fill(element, row, geo, nowS, row.town === selected, urgent.has(row.town)));
  showCalm(rows.length === 0 && live.state.head.mode !== "replay", live, geo, session, offset);
}

// Rain that is expected: villages, most rain first; no level, for nothing of it stands.
function showAhead(live, geo, onVillage, village) {
  const ahead = live.state.ahead ?? [];
  setText(header.left, w.times.aheadTitle(ahead.length));
  setText(header.right, ahead.length ? w.times.aheadMost : "");
  byId("queue").classList.remove("calm");
  byId("calm").replaceChildren();
  const most = ahead[0]?.[1] ?? 1;
  keyed(list, ahead.slice(0, AHEAD_SHOWN), ([at]) => `ahead-${at}`, ([at]) => el("div", { class: "row row-ahead", role: "option", onclick: () => onVillage(at) },
    el("div", { class: "row-main" }, el("strong"), " ", el("span", { class: "quiet" })), el("strong", { class: "due" }), el("span", { class: "bar-place" })), (row, [at, tenths]) => {
    const [main, mm, place] = row.children;
    setClass(row, "selected", at === village);
    row.setAttribute("aria-selected", String(at === village));
    setText(main.firstElementChild, geo.villages[at].name);
    setText(main.lastElementChild, geo.towns[geo.villages[at].town].name);
    setText(mm, w.times.mm(tenths));
    if (place.dataset.shown !== String(tenths)) {
      place.dataset.shown = String(tenths);
      place.replaceChildren(bar(tenths, most, w.times.mm(tenths)));
    }
  });
}

function make(row) {
  const parts = {
    badge: el("span", { class: "badge" }), name: el("strong"), county: el("span", { class: "quiet" }),
    counts: el("span", { class: "counts" }), due: el("strong", { class: "due" }), what: el("span", { class: "quiet" }),
    chips: el("span", { class: "chips" }), bar: el("span", { class: "bar-place" }), share: el("span", { class: "share" }),
  };
  const element = el("div", { class: "row", role: "option", onclick: () => choose(row.town) },
    parts.badge,
    el("div", { class: "row-main" }, el("div", {}, parts.name, " ", parts.county), parts.counts),
    el("div", { class: "row-due" }, parts.due, parts.what),
    el("div", { class: "row-doors" }, parts.chips, parts.bar, parts.share));
  element.parts = parts;
  return element;
}

function fill(element, row, geo, nowS, isSelected, isUrgent) {
  const { parts } = element;
  const town = geo.towns[row.town];
  setClass(element, "selected", isSelected);
  setClass(element, "unseen", isUrgent);
  element.setAttribute("aria-selected", String(isSelected));
  const level = row.level ?? 0;
  parts.badge.className = `badge level-${level}`;
  setText(parts.badge, w.letter[level] || "·");
  setText(parts.name, town.name);
  setText(parts.county, town.county ?? "");
  const counts = [4, 3, 2, 1].filter((one) => row.villages[one - 1]).map((one) => w.count(w.level[one], row.villages[one - 1]));
  setText(parts.counts, counts.join(" · ") || w.gone);
  const left = row.due_s ? Math.floor((row.due_s - nowS) / 60) : null;
  setText(parts.due, left === null ? "" : left >= 0 ? w.minutes(left) : w.overdue);
  setText(parts.what, row.due === "release" ? w.toRelease : row.due === "answer" ? w.toAnswer : "");
  const chips = [];
  if (row.help_unassigned) chips.push(["chip-help", w.chipHelp(row.help_unassigned)]);
  if (row.release) chips.push(["chip-hand", w.chipRelease(row.release)]);
  if (row.dry) chips.push(["chip-dry", w.chipDry(row.dry)]);
  keyed(parts.chips, chips, ([name]) => name, ([name]) => el("span", { class: `chip ${name}` }), (chip, [, text]) => setText(chip, text));
  const { addressed = 0, answered = 0 } = row.doors ?? {};
  const key = `${answered}/${addressed}`;
  if (parts.bar.dataset.shown !== key) {
    parts.bar.dataset.shown = key;
    parts.bar.replaceChildren(...(addressed ? [bar(answered, addressed, w.answeredLabel(answered, addressed))] : []));
  }
  setText(parts.share, addressed ? w.answered(answered, addressed) : "");
}

function showCalm(isCalm, live, geo, session, offset) {
  const place = byId("calm");
  if (!isCalm) return void place.replaceChildren();
  const head = live.state.head;
  const seen = live.state.level.length - (head.needs?.unseen?.villages ?? 0);
  const channels = head.needs?.unseen?.channels ?? [];
  const facts = [
    [w.watched.data, Number.isFinite(live.ageS) ? w.ago(Math.round(live.ageS)) : "–"],
    [w.watched.stations, `${head.reporting ?? 0} / ${head.stations ?? 0}`],
    [w.watched.villages, `${seen.toLocaleString("en")} / ${live.state.level.length.toLocaleString("en")}`],
    [w.watched.channels, channels.length ? w.channels(channels.join(", ")) : w.channelsGood],
    [w.watched.step, clock(live.clock.now_s ?? 0, offset, true)],
    [w.watched.shift, (head.shifts ?? []).map((one) => one.name).join(", ") || w.nobodyOnDuty],
  ];
  if (!place.firstElementChild) place.append(el("h2"), el("dl"));
  setText(place.firstElementChild, w.calm);
  keyed(place.lastElementChild, facts, ([name]) => name, () => el("div", {}, el("dt"), el("dd")), (line, [name, value]) => {
    setText(line.firstElementChild, name);
    setText(line.lastElementChild, value);
  });
}

// The next town after a selected one, or before it.
export function step(live, selected, by) {
  const towns = [...live.rows.keys()];
  if (!towns.length) return -1;
  const at = towns.indexOf(selected);
  return towns[at < 0 ? (by > 0 ? 0 : towns.length - 1) : Math.min(towns.length - 1, Math.max(0, at + by))];
}

export function reveal(town) {
  list.querySelector(`[data-key="${town}"]`)?.scrollIntoView({ block: "nearest" });
}

