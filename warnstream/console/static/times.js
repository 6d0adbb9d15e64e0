// One time for the whole screen: as it is, as it was up to six hours ago, or the rain that is expected.
//
// Set back or ahead nothing can be commanded and nothing waits. Alarms of now are named, and who touches nothing for five
// minutes is back in the present.

import { byId, el, setClass, setText } from "./dom.js";
import { clock, problemsOf, w } from "./words.js";

const BACK_MIN = 360;
const AHEAD_MIN = 180;
const WAIT_MS = 120;
const IDLE_MS = 300_000;

export class Times {
  constructor(live, changed) {
    this.live = live;
    this.changed = changed;
    this.atS = 0;
    this.view = null;
    this.problem = "";
    this.limit = "";
    this.number = 0;
    this.touchedAt = 0;
  }

  get isNow() {
    return this.atS === 0;
  }

  build() {
    this.range = el("input", { type: "range", id: "time", min: -BACK_MIN, max: AHEAD_MIN, step: 1, oninput: () => this.move(Number(this.range.value)) });
    this.range.value = "0";
    this.shown = el("output", { id: "time-shown", for: "time" });
    this.back = el("button", { type: "button", id: "to-now", onclick: () => this.now() });
    const marks = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3].map((hours) => el("span", {}, hours ? `${hours > 0 ? "+" : "−"}${Math.abs(hours)} h` : ""));
    byId("times").replaceChildren(this.back, el("div", { class: "time-line" }, this.range, el("div", { class: "time-marks", "aria-hidden": "true" }, ...marks)), this.shown);
    setInterval(() => !this.isNow && performance.now() - this.touchedAt > IDLE_MS && this.now(), 5000);
  }

  now() {
    this.number += 1;
    this.atS = 0;
    this.view = null;
    this.problem = "";
    this.range.value = "0";
    this.changed();
  }

  // Minutes from now; ahead there are only the leads of the forecast.
  move(minutes) {
    const nowS = this.live.clock?.now_s ?? 0;
    this.touchedAt = performance.now();
    if (!nowS || minutes === 0) return this.now();
    let atS = nowS + minutes * 60;
    this.limit = "";
    if (minutes > 0) {
      const leads = this.live.clock.leads_s ?? [];
      if (!leads.length) {
        this.now();
        this.problem = w.times.noForecast;
        return this.changed();
      }
      const lead = leads.reduce((best, one) => (Math.abs(one - minutes * 60) < Math.abs(best - minutes * 60) ? one : best));
      atS = nowS + lead;
      this.range.value = String(Math.round(lead / 60));
    } else if (atS < (this.live.clock.since_s || nowS)) {
      atS = this.live.clock.since_s || nowS;
      this.limit = w.times.since(clock(atS, this.offset));
      if (atS >= nowS) {
        this.now();
        this.problem = this.limit;
        return this.changed();
      }
      this.range.value = String(Math.round((atS - nowS) / 60));
    }
    this.number += 1;
    this.atS = atS;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.read(this.number), WAIT_MS);
    this.changed();
  }

  get offset() {
    return this.live.state?.head.utc_offset_s ?? 0;
  }

  async read(number) {
    let state = null;
    let problem = "";
    try {
      const response = await fetch(`/api/v1/state?at=${this.atS}`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      const said = await response.json();
      if (response.ok) state = said;
      else problem = problemsOf(said.problems);
    } catch {
      problem = w.noAnswer;
    }
    if (number !== this.number || this.isNow) return;
    if (!state) {
      this.now();
      this.problem = problem;
      return this.changed();
    }
    this.problem = this.limit;
    this.view = viewOf(state, this.live);
    this.changed();
  }

  show(alarms) {
    const isBusy = !this.isNow && !this.view;
    const mode = this.view?.state.head.mode;
    setText(this.back, this.isNow ? w.times.now : w.times.back);
    this.back.disabled = this.isNow;
    setClass(this.back, "hand-first", !this.isNow);
    this.range.setAttribute("aria-label", w.times.label);
    const atS = this.view ? this.view.clock.now_s : this.isNow ? (this.live.clock?.now_s ?? 0) : this.atS;
    this.range.setAttribute("aria-valuetext", `${mode ? w.times[mode] : w.times.now} ${clock(atS, this.offset)}`);
    setText(this.shown, [clock(atS, this.offset), isBusy ? w.asking : this.problem].filter(Boolean).join(" · "));
    for (const one of ["replay", "expected"]) setClass(document.body, one, mode === one);
    const notice = byId("time-notice");
    notice.hidden = this.isNow;
    setText(notice, mode ? [w.times[`${mode}Note`](clock(atS, this.offset)), alarms ? w.times.alarms(alarms) : ""].filter(Boolean).join(" · ") : w.asking);
    setClass(notice, "urgent", alarms > 0);
  }
}

// What the screen shows of another time, in the form of what it shows of now.
function viewOf(state, live) {
  const digits = (text) => Uint8Array.from(text ?? "", Number);
  return {
    state: { head: state.head, level: digits(state.levels), sight: digits(state.sight), stations: digits(state.stations), near: [], ahead: state.ahead ?? [] },
    rows: new Map((state.queue ?? []).map((row) => [row.town, row])),
    clock: state.clock,
    get ageS() { return live.ageS; },
    get isOld() { return live.isOld; },
    get lost() { return live.lost; },
  };
}
