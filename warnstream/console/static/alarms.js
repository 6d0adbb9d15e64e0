// Alarms to the officer: the node raises them, this shows and sounds them. A sounds until it is seen, B once, never two
// sounds within ten seconds; in a flood one a minute. A picture that is too old is an alarm of this page's own.

import { byId, el, keyed, setClass, setText } from "./dom.js";
import { clock, pick, problemsOf, w } from "./words.js";

const APART_MS = 10_000;
const FLOOD_MS = 60_000;
const FRESH_S = 60; // of class B: what was raised longer ago than that is no news to a page that has just opened
export const NO_DATA_S = 15;
const SHOWN = 2; // the queue marks the others

export class Sound {
  constructor() {
    this.context = null;
    this.lastAt = -Infinity;
    this.heard = new Map();
    this.played = 0;
    this.silentUntil = 0;
    this.hasBegun = false;
  }

  // off: nobody has turned it on in this page; suspended: the browser keeps it silent.
  get state() {
    if (!this.context) return "off";
    return this.context.state === "running" ? "on" : "suspended";
  }

  async turnOn() {
    this.context ??= new AudioContext();
    await this.context.resume().catch(() => {});
    this.play("test");
  }

  async turnOff() {
    await this.context?.close().catch(() => {});
    this.context = null;
  }

  play(kind) {
    if (this.state !== "on") return;
    const tones = { A: [880, 660, 880], B: [587], test: [660, 880] }[kind];
    const start = this.context.currentTime;
    tones.forEach((hertz, at) => {
      const tone = this.context.createOscillator();
      const volume = this.context.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.25, start + at * 0.25);
      volume.gain.exponentialRampToValueAtTime(0.001, start + at * 0.25 + 0.22);
      tone.connect(volume).connect(this.context.destination);
      tone.start(start + at * 0.25);
      tone.stop(start + at * 0.25 + 0.23);
    });
    this.played += 1;
    document.body.dataset.sounds = String(this.played);
    document.body.dataset.sound = kind;
  }

  // What is to sound now: "A", "B" or nothing.
  due(alarms, nowS, isFlood, isWithoutData, nowMs = performance.now()) {
    const unseen = alarms.filter((one) => one.urgency === "A" && !isSeen(one, nowS));
    const news = alarms.filter((one) => one.urgency === "B" && !isSeen(one, nowS) && (this.heard.get(keyOf(one)) ?? 0) < one.number);
    const isOwn = isWithoutData && nowMs >= this.silentUntil;
    const apart = isFlood ? FLOOD_MS : APART_MS;
    if (nowMs - this.lastAt < apart || (!unseen.length && !news.length && !isOwn)) return "";
    return unseen.length || isOwn ? "A" : "B";
  }

  tick(alarms, nowS, isFlood, isWithoutData) {
    if (!this.hasBegun && nowS) {
      this.hasBegun = true;
      for (const one of alarms) if (nowS - one.raised_s > FRESH_S) this.heard.set(keyOf(one), one.number);
    }
    if (this.state !== "on") return;
    const kind = this.due(alarms, nowS, isFlood, isWithoutData);
    if (!kind) return;
    this.lastAt = performance.now();
    for (const one of alarms) this.heard.set(keyOf(one), one.number);
    this.play(kind);
  }

  // Of the page's own alarm: a quarter of an hour.
  silence() {
    this.silentUntil = performance.now() + 900_000;
  }
}

const keyOf = (alarm) => `${alarm.town}/${alarm.urgency}`;

export const isSeen = (alarm, nowS) => nowS < (alarm.seen_until_s ?? 0);

// The alarm that `M` is about: the selected town's, else the first one that nobody has seen.
export function toSee(alarms, nowS, town) {
  const unseen = alarms.filter((one) => !isSeen(one, nowS));
  return unseen.find((one) => one.town === town) ?? unseen.find((one) => one.urgency === "A") ?? unseen[0];
}

export function showAlarms(live, geo, session, onSee, onPick, isNow) {
  const place = byId("alarms");
  const nowS = live.clock.now_s ?? 0;
  const head = live.state.head;
  const offset = head.utc_offset_s ?? 0;
  const unseen = (head.alarms ?? []).filter((one) => !isSeen(one, nowS));
  const urgent = unseen.filter((one) => one.urgency === "A" || one.town < 0);
  place.hidden = urgent.length === 0 || !isNow;
  const lines = urgent.slice(0, SHOWN);
  keyed(place, [...lines, ...(urgent.length > SHOWN || head.is_flood ? [null] : [])], (one) => (one ? keyOf(one) : "more"), (one) => {
    if (!one) return el("p", { class: "quiet" });
    return el("div", { class: "alarm" }, el("button", { type: "button", class: "alarm-what" }, el("strong"), el("span")), el("button", { type: "button", class: "alarm-see" }));
  }, (line, one) => {
    if (!one) return setText(line, head.is_flood ? w.flood(unseen.length) : w.andAlarms(urgent.length - SHOWN));
    const [what, see] = line.children;
    setClass(line, "alarm-a", one.urgency === "A");
    setText(what.firstElementChild, one.town < 0 ? w.ofNode : geo.towns[one.town].name);
    setText(what.lastElementChild, ` ${one.troubles.map((name) => w.trouble[name]).join(pick("、", ", "))} · ${clock(one.since_s, offset)}`);
    what.title = what.textContent;
    what.onclick = () => one.village >= 0 && onPick(one.village);
    setText(see, w.see);
    see.hidden = session?.role !== "officer";
    see.onclick = () => onSee(one);
  });
}

export async function sendAct(said, headers = {}) {
  try {
    const response = await fetch("/api/v1/acts", {
      method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, ...headers },
      body: JSON.stringify(said), signal: AbortSignal.timeout(8000),
    });
    return { status: response.status, said: await response.json() };
  } catch {
    return { status: 0, said: { problems: [w.handLost] } };
  }
}

// Taking the shift plays a sound and asks whether it was heard; handing over offers the shift to somebody.
export function openShift(live, session, sound) {
  const dialog = byId("shift");
  const offset = live.state.head.utc_offset_s ?? 0;
  const shifts = live.state.head.shifts ?? [];
  const own = shifts.find((one) => one.person === session.person);
  const problem = el("p", { class: "hand-problem", role: "alert" });
  const act = async (said) => {
    const { status, said: answer } = await sendAct(said);
    if (status === 200) dialog.close();
    else setText(problem, problemsOf(answer.problems, status));
  };
  const button = (text, press, name = "") => el("button", { type: "button", class: name, onclick: press }, text);
  const list = shifts.length ? shifts.map((one) => el("p", {}, w.onDuty(one.name, one.area, clock(one.since_s, offset)), one.offered ? el("small", {}, ` ${w.offeredTo(one.offered)} ${one.note ?? ""}`) : "")) : [el("p", { class: "quiet" }, w.nobodyOnDuty)];
  const parts = [el("h2", {}, w.shift), ...list];
  if (session.role === "officer") {
    parts.push(el("p", {}, w.heard),
      el("div", { class: "hand-go" }, button(own ? w.heardYes : w.takeHeard, () => act({ kind: "take_shift", reason: "heard" }), "go"),
        button(w.soundAgain, () => sound.turnOn()), button(w.takeSilent, () => act({ kind: "take_shift", reason: "not heard" }))));
    if (own) {
      const others = session.officers.filter(([person]) => person !== session.person);
      const select = el("select", { name: "other" }, ...others.map(([person, name]) => el("option", { value: person }, name || person)));
      const note = el("input", { name: "note", maxlength: 200, placeholder: w.handNote });
      if (others.length) parts.push(el("h3", {}, w.handOver), el("div", { class: "hand-go" }, select, note, button(w.offer, () => act({ kind: "hand_over", person: select.value, reason: note.value }))));
    }
    sound.turnOn();
  }
  parts.push(problem, button(w.close, () => dialog.close()));
  dialog.replaceChildren(...parts);
  dialog.showModal();
}
