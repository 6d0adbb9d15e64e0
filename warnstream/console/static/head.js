// The head and the needs: is this live, what stands, who waits for somebody. Five tiles, always in one place.

import { byId, el, setClass, setText } from "./dom.js";
import { clock, pick, settings, span, use, w } from "./words.js";

const NEEDS = ["help", "release", "dry", "silent", "unseen"];
let parts = null;

export function buildHead(onSetting, onTable, onSignOut, onSound, onShift) {
  const button = (id, press) => el("button", { id, type: "button", onclick: press });
  parts = {
    mode: el("strong", { id: "mode" }),
    clock: el("span", { id: "clock" }),
    age: el("span", { id: "age" }),
    levels: [4, 3, 2, 1].map((level) => {
      const badge = el("span", { class: `badge level-${level}` });
      const count = el("span", { class: "level-count" });
      return { level, badge, count, whole: el("span", { class: "level-item", role: "img" }, badge, count) };
    }),
    shift: button("to-shift", onShift),
    sound: button("to-sound", onSound),
    table: button("to-table", onTable),
    theme: button("to-theme", () => {
      use(settings.language, settings.theme === "dark" ? "light" : "dark");
      onSetting();
    }),
    language: button("to-language", () => {
      use(settings.language === "en" ? "zh" : "en", settings.theme);
      onSetting();
    }),
    out: button("sign-out", onSignOut),
  };
  byId("head").replaceChildren(
    el("div", { id: "now", role: "group" }, parts.mode, parts.clock, parts.age),
    el("div", { id: "levels", role: "group" }, ...parts.levels.map((one) => one.whole)),
    el("div", { id: "settings" }, parts.shift, parts.sound, parts.table, parts.theme, parts.language, parts.out),
  );
  parts.needs = Object.fromEntries(NEEDS.map((need) => {
    const tile = { number: el("span", { class: "number" }), name: el("strong"), note: el("span", { class: "note" }) };
    tile.whole = el("div", { class: `tile tile-${need}`, id: `need-${need}`, role: "group" }, tile.number, el("div", {}, tile.name, tile.note));
    return [need, tile];
  }));
  byId("needs").replaceChildren(...NEEDS.map((need) => parts.needs[need].whole));
}

// `live` is what is now, `seen` what the screen shows: of now, or of another time.
export function showHead(live, seen, isTable, sound, session) {
  const real = live.state?.head;
  const head = seen.state?.head;
  const isNow = seen === live;
  const isOfficer = session?.role === "officer";
  parts.shift.hidden = parts.sound.hidden = !isOfficer;
  setText(parts.sound, w.sound[sound.state]);
  setClass(parts.sound, "wrong", sound.state === "suspended");
  const own = real?.shifts?.find((one) => one.person === session?.person);
  setText(parts.shift, own ? w.youOnDuty : real?.shifts?.length ? w.dutyOf(real.shifts[0].name) : w.takeShift);
  setClass(parts.shift, "hand-first", isOfficer && real && !real.shifts?.length);
  setText(parts.table, isTable ? w.map : w.table);
  setText(parts.theme, settings.theme === "dark" ? w.light : w.dark);
  setText(parts.language, w.other);
  setText(parts.out, w.signOut);
  const isOld = live.isOld;
  setClass(document.body, "stale", isOld);
  setClass(document.body, "drill", real?.mode === "drill");
  setText(parts.mode, isOld ? w.stale : isNow ? (head?.mode === "drill" ? w.drill : w.live) : w.times[head.mode]);
  byId("now").setAttribute("aria-label", w.modeIs(parts.mode.textContent));
  if (!head) return;
  const offset = head.utc_offset_s ?? 0;
  setText(parts.clock, clock(seen.clock.now_s ?? 0, offset, true));
  setText(parts.age, isNow ? ageOf(live, head) : w.stations(head.reporting ?? 0, head.stations ?? 0));
  setClass(parts.age, "wrong", isOld);
  const notice = byId("notice");
  const reasons = pick(real.reasons_zh ?? [], real.reasons ?? []);
  notice.hidden = Boolean(real.is_ready);
  setText(notice, [w.notReady, reasons[0]].filter(Boolean).join("："));
  notice.title = reasons.join("\n");
  for (const { level, badge, count, whole } of parts.levels) {
    const n = head.levels[level - 1];
    setText(badge, w.letter[level]);
    setText(count, head.mode === "expected" ? "–" : n.toLocaleString("en"));
    setClass(whole, "none", n === 0);
    whole.setAttribute("aria-label", w.count(w.level[level], n));
  }
  if (isNow) showNeeds(head, offset);
  else NEEDS.forEach((need) => tile(need, 0, w.times.off, "–"));
}

function ageOf(live, head) {
  const seconds = Number.isFinite(live.ageS) ? Math.round(live.ageS) : null;
  const said = [seconds === null ? "–" : w.dataAge(seconds), w.stations(head.reporting ?? 0, head.stations ?? 0)];
  if ((live.clock.stepped_s ?? 0) > 60) said.push(w.judged(span(live.clock.stepped_s)));
  return said.join(" · ");
}

function showNeeds(head, offset) {
  const needs = head.needs ?? {};
  const { help = {}, release = {}, dry = 0, calling = {}, silent = {}, unseen = {} } = needs;
  const waiting = help.unassigned ?? 0;
  const taken = (help.open ?? 0) - waiting;
  tile("help", waiting, waiting ? w.helpNote(waiting, clock(help.oldest_s, offset)) : taken ? w.helpTaken(taken) : w.helpNone);
  const due = release.first_due_s ? w.releaseNote(clock(release.first_due_s, offset)) : w.releaseOpen;
  tile("release", release.villages ?? 0, release.villages ? due : w.releaseNone);
  const called = calling.first_due_s ? w.dryDue(calling.villages, clock(calling.first_due_s, offset)) : "";
  tile("dry", dry, [dry && w.dryNote, called].filter(Boolean).join(" · ") || w.dryNone);
  const of = silent.of ?? 0;
  tile("silent", silent.doors ?? 0, silent.doors ? w.silentNote(of) : of ? w.silentAll(of) : w.silentNone);
  const gauges = w.unseenNote((head.stations ?? 0) - (head.reporting ?? 0), head.doubted ?? 0);
  const channels = unseen.channels ?? [];
  const blind = unseen.villages ?? 0;
  const what = [blind && w.blindVillages(blind), channels.length && w.channels(channels.join(", "))].filter(Boolean);
  tile("unseen", blind + channels.length, what.length ? what.join(" · ") : gauges);
}

function tile(need, number, note, text = number.toLocaleString("en")) {
  const { whole, number: shown, name, note: below } = parts.needs[need];
  setText(shown, text);
  setText(name, w[need]);
  setText(below, note);
  whole.title = note;
  const label = `${text} ${w[need]} · ${note}`;
  if (whole.getAttribute("aria-label") !== label) whole.setAttribute("aria-label", label);
  setClass(whole, "none", number === 0);
}
