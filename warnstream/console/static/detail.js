// One village: level and hazards, why in two lines, doors in four numbers, chain, words as they were sent.

import { openDoors } from "./doors.js";
import { bar, byId, el } from "./dom.js";
import { clock, pick, w } from "./words.js";

export class Detail {
  constructor(onVillage, onDoors) {
    this.onVillage = onVillage;
    this.onDoors = onDoors;
    this.shown = null;
    this.code = "";
    this.atS = 0;
    this.isExpected = false;
  }

  // Another time: what is known of the village is of another one.
  setTime(atS, isExpected) {
    if (this.atS === atS && this.isExpected === isExpected) return;
    this.atS = atS;
    this.isExpected = isExpected;
    this.shown = null;
    this.asking = "";
    this.ask(this.code);
  }

  // Ask for a village; what is shown stays until the answer is there, if it is the same one.
  async ask(code) {
    if (code !== this.code) {
      this.shown = null;
      this.code = code;
    }
    const { atS } = this;
    const key = `${code} ${atS}`;
    if (!code || this.isExpected || this.asking === key) return;
    this.asking = key;
    this.failed = false;
    try {
      const response = await fetch(`/api/v1/villages/${encodeURIComponent(code)}${atS ? `?at=${atS}` : ""}`, {
        cache: "no-store", signal: AbortSignal.timeout(8000),
      });
      if (this.code !== code || this.atS !== atS) return;
      this.failed = !response.ok;
      if (response.ok) this.shown = await response.json();
    } catch {
      this.failed = this.code === code && this.atS === atS;
    } finally {
      if (this.asking === key) this.asking = "";
    }
    this.onChange?.();
  }

  show(live, geo, village) {
    const place = byId("facts");
    if (village < 0) {
      byId("village").replaceChildren();
      this.shown = null;
      this.code = "";
      return void fillIfOther(place, nearList(live, geo, this.onVillage));
    }
    const known = geo.villages[village];
    const level = live.state.level[village];
    const town = geo.towns[known.town ?? 0];
    const offset = live.state.head.utc_offset_s ?? 0;
    fillIfOther(byId("village"), [heading(known, town, level, this.shown)]);
    const parts = [];
    if (this.isExpected) {
      const tenths = live.state.ahead.find(([at]) => at === village)?.[1];
      const at = clock(live.clock.now_s, offset);
      return void fillIfOther(place, [el("p", { class: "ahead-words" }, tenths ? w.times.villageAhead(w.times.mm(tenths), at) : w.times.villageDry(at))]);
    }
    if (this.shown) parts.push(...bodyOf(this.shown, offset, level, this.atS ? () => false : this.onDoors));
    parts.push(el("p", { class: "quiet" }, this.failed ? w.noAnswer : this.shown ? "" : w.asking));
    parts.push(...othersOf(live, geo, village, this.onVillage));
    fillIfOther(place, parts);
  }
}

// Written anew only where something differs, and then without losing the place or what has the focus.
function fillIfOther(place, parts) {
  const scrolled = byId("detail");
  const fresh = el("div", {}, ...parts);
  const old = place.firstElementChild;
  if (old?.isEqualNode(fresh)) return;
  const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.village : null;
  const top = scrolled.scrollTop;
  place.replaceChildren(fresh);
  scrolled.scrollTop = top;
  if (focused) place.querySelector(`[data-village="${focused}"]`)?.focus();
}

function heading(known, town, level, shown) {
  const doors = shown ? ` · ${w.doorsTotal(shown.doors?.addressed ?? 0)}` : "";
  return el("div", { class: "village-head" },
    el("span", { class: `badge big level-${level}` }, w.letter[level] || "·"),
    el("div", {}, el("h2", {}, known.name), el("p", { class: "quiet" }, `${town.name} · ${town.county ?? ""}${doors}`)),
    el("a", { class: "button whole", href: `#/warning/${encodeURIComponent(known.code)}`, "data-village": "whole" }, w.page.openWarning));
}

function bodyOf(village, offset, level, onDoors) {
  const parts = [];
  const hazards = village.hazards ?? [];
  const doors = village.doors ?? {};
  const helps = village.helps ?? [];
  if (helps.length) parts.push(helpsOf(helps, offset));
  else if (doors.help) parts.push(el("p", { class: "flag flag-help" }, w.helpOpen(doors.help)));
  if (village.waits) parts.push(el("p", { class: "flag flag-hand" }, waitsOf(village.waits, offset)));
  if (village.is_dry) parts.push(el("p", { class: "flag" }, village.posts.some((post) => post.state === "answered") ? w.villageLacks : w.villageDry));
  if (village.sight) parts.push(el("p", { class: "flag flag-blind" }, village.sight === 2 ? w.blind : w.partly));
  if (!hazards.length) parts.push(el("p", { class: "quiet" }, w.noneStands));
  hazards.forEach((hazard, at) => parts.push(hazardOf(hazard, offset, at === 0)));
  if (doors.addressed || level) parts.push(doorsOf(doors));
  if (onDoors() && doors.addressed) parts.push(el("button", { type: "button", class: "quiet-button", "data-village": "doors", onclick: () => openDoors(village.code, village.name, offset) }, w.doorList));
  if (doors.failed) parts.push(el("p", { class: "quiet" }, w.failed(doors.failed)));
  if (village.seen) parts.push(el("h3", {}, w.chain), chainOf(village.posts ?? [], offset));
  const words = village.words;
  parts.push(el("h3", {}, w.words, words ? el("span", {}, w.sentAt(clock(words.issued_s, offset))) : ""));
  parts.push(words ? el("blockquote", {}, pick(words.zh, words.en)) : el("p", { class: "quiet" }, w.wordsNone));
  return parts;
}

function helpsOf(helps, offset) {
  return el("ul", { class: "helps" }, ...helps.map((call) => el("li", { class: call.assigned ? "helped" : "flag-help" },
    el("span", {}, w.callOf(call.caller, clock(call.opened_s, offset), "")), el("strong", {}, call.assigned ? w.goes(call.assigned) : w.nobodyGoes))));
}

function waitsOf(waits, offset) {
  const what = `${pick(waits.zh, waits.en)} ${w.level[waits.level ?? 0]}`;
  return waits.due_s ? w.waits(what, clock(waits.due_s, offset)) : w.waitsOpen(what);
}

function hazardOf(hazard, offset, isFirst) {
  const level = hazard.level ?? 0;
  const head = el("div", { class: "hazard-head" }, el("span", { class: `badge small level-${level}` }, w.letter[level]),
    el("strong", {}, pick(hazard.zh, hazard.en)),
    el("span", { class: "quiet" }, `${w.since(clock(hazard.since_s, offset))} · ${w.until(clock(hazard.expires_s, offset))}`));
  const lines = [];
  const { why } = hazard;
  if (why) {
    const doubts = [why.is_expected && w.expected, why.is_confirmed === false && w.notConfirmed, why.is_now === false && w.before];
    const said = doubts.filter(Boolean).join(" · ");
    lines.push(el("p", {}, pick(why.zh, why.en)));
    if (why.over_zh) lines.push(el("p", { class: "over" }, pick(why.over_zh, why.over_en)));
    if (said) lines.push(el("p", { class: "quiet" }, said));
  }
  if (hazard.bound === "floor") lines.push(el("p", { class: "quiet" }, w.floor(clock(hazard.bound_until_s, offset))));
  if (hazard.bound === "ceiling") lines.push(el("p", { class: "quiet" }, w.ceiling(w.level[hazard.found ?? 0], clock(hazard.bound_until_s, offset))));
  return el("div", { class: `hazard edge-${level}${isFirst ? " first" : ""}` }, head, ...lines);
}

function doorsOf(doors) {
  const numbers = [doors.addressed ?? 0, doors.reached ?? 0, doors.answered ?? 0, doors.safe ?? 0];
  return el("div", { class: "doors" }, ...numbers.map((n, at) => el("div", {},
    el("strong", {}, n.toLocaleString("en")), bar(n, numbers[0], `${w.doors[at]} ${n}/${numbers[0]}`), el("span", {}, w.doors[at]))));
}

function chainOf(posts, offset) {
  if (!posts.length) return el("p", { class: "quiet" }, w.chainNone);
  return el("ol", { class: "chain" }, ...posts.map((post) => {
    const due = post.due_s && post.state === "asked" ? ` ${w.dueAt(clock(post.due_s, offset))}` : "";
    return el("li", { class: `post-${post.state}` }, el("span", { class: "rank" }, String(post.rank)),
      el("span", { class: "post" }, w.role[post.role] ?? (post.role || post.post), " ", el("small", {}, post.post)),
      el("span", {}, `${w.state[post.state]}${due}`));
  }));
}

function othersOf(live, geo, village, onVillage) {
  const town = geo.villages[village].town ?? 0;
  const others = geo.villages.map((one, at) => [at, one]).filter(([at, one]) => at !== village && (one.town ?? 0) === town && live.state.level[at]);
  if (!others.length) return [];
  others.sort((a, b) => live.state.level[b[0]] - live.state.level[a[0]] || a[0] - b[0]);
  return [el("h3", {}, w.others), el("div", { class: "others" }, ...others.slice(0, 60).map(([at, one]) => {
    const level = live.state.level[at];
    return el("button", { type: "button", "data-village": at, onclick: () => onVillage(at) },
      el("span", { class: `badge small level-${level}` }, w.letter[level]), one.name);
  }))];
}

function nearList(live, geo, onVillage) {
  const near = live.state.near ?? [];
  if (live.rows.size) return [el("p", { class: "quiet" }, "")];
  if (!near.length) return [el("h2", {}, w.near), el("p", { class: "quiet" }, w.nearNone)];
  return [el("h2", {}, w.near), el("div", { class: "near" }, ...near.map((one) => {
    const village = geo.villages[one.village ?? 0];
    const [zh, en] = geo.hazards[one.hazard] ?? [one.hazard, one.hazard];
    return el("button", { type: "button", "data-village": one.village ?? 0, onclick: () => onVillage(one.village ?? 0) },
      el("span", {}, village.name, " ", el("small", {}, `${geo.towns[village.town ?? 0].name} · ${pick(zh, en)}`)),
      el("strong", {}, `${one.percent} %`), bar(one.percent, 100, `${one.percent} %`));
  }))];
}
