// The hands of an officer: what goes out is read in place, word for word, before it goes; one act, one key.
//
// A draft belongs to what was looked at: if that changes meanwhile the draft says so and is read anew. It is never
// rewritten by a delta, so focus and what was typed stay.

import { byId, el, keyed, setClass, setText } from "./dom.js";
import { clock, pick, problemsOf, span, w } from "./words.js";

const LEVELS = ["none", "blue", "yellow", "orange", "red"];
const OF_ONE = new Set(["release", "hold", "raise", "lower", "end", "correct", "extend"]);
const NEEDS_HAZARD = new Set(["raise", "lower", "end", "correct", "extend", "issue"]);
const NEEDS_LEVEL = new Set(["raise", "lower", "issue"]);
const HAS_SCOPE = new Set(["release", "hold", "call-again", "end", "correct", "lower", "issue"]);

export class Hands {
  constructor(onDone) {
    this.onDone = onDone;
    this.draft = null;
    this.shown = null;
    this.of = null;
    this.session = null;
  }

  // What the selected village allows; `of` is {live, geo, village}.
  show(of, shown, session) {
    const isOther = this.of && this.of.village !== of.village;
    this.of = of;
    this.shown = shown;
    this.session = session;
    if (isOther && this.draft && !this.draft.order && this.draft.state !== "sending") this.close();
    this.buttons();
    if (this.draft) this.fresh();
  }

  get code() {
    return this.of && this.of.village >= 0 ? this.of.geo.villages[this.of.village].code : "";
  }

  allowed() {
    const { role } = this.session ?? {};
    const village = this.shown;
    if (!village || !["officer", "second"].includes(role)) return [];
    const found = [];
    const hazards = village.hazards ?? [];
    if (village.waits) found.push("release");
    if (role === "officer" && village.waits?.due_s && village.waits.level) found.push("hold");
    if (role === "officer" && (village.posts ?? []).some((post) => ["asked", "overdue"].includes(post.state))) found.push("call-again");
    if (role === "second") return found;
    if ((village.helps ?? []).some((call) => !call.assigned)) found.unshift("assign");
    if (hazards.some((one) => one.level < 4)) found.push("raise");
    if (hazards.length) found.push("lower", "end", "correct");
    if ((village.helps ?? []).some((call) => call.assigned)) found.push("close");
    found.push("issue");
    return found;
  }

  buttons() {
    const place = byId("hand-buttons");
    const kinds = this.draft ? [] : this.allowed();
    keyed(place, kinds, (kind) => kind, (kind) => el("button", { type: "button", onclick: () => this.open(kind) }), (button, kind) => {
      setText(button, w.hand[kind]);
      button.title = w.handKey[kind] ? `${w.hand[kind]} (${w.handKey[kind]})` : w.hand[kind];
      setClass(button, "hand-first", kind === kinds[0] && (kind === "release" || kind === "assign"));
      setClass(button, "hand-help", kind === "assign");
    });
    place.hidden = kinds.length === 0;
  }

  // Whether a key opens something.
  press(kind) {
    if (this.draft || !this.allowed().includes(kind)) return false;
    this.open(kind);
    return true;
  }

  open(kind, order = null) {
    const hazards = (this.shown?.hazards ?? []).filter((one) => kind !== "raise" || one.level < 4);
    const waits = this.shown?.waits;
    this.draft = {
      kind, order, code: this.code, village: this.of.village, seen: this.shown?.seen ?? "", state: "asking", problems: [], rehearsal: null,
      hazard: kind === "issue" ? Object.keys(this.of.geo.hazards)[0] : (hazards[0]?.hazard ?? ""), level: firstLevel(kind, hazards[0]),
      scope: "village", key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, done: null, number: 0,
    };
    if (kind === "release" && waits) this.draft.hazard = "";
    this.build();
    this.buttons();
    if (kind === "assign" || kind === "close") {
      this.draft.state = "ready";
      this.say();
    } else this.rehearse();
    byId("hand").scrollIntoView({ block: "nearest" });
    (byId("hand").querySelector("[data-first]") ?? byId("hand").querySelector("button"))?.focus();
  }

  agree(proposal) {
    if (this.draft?.order?.order === proposal.order) return;
    this.open("release", proposal);
  }

  close() {
    this.draft = null;
    byId("hand").replaceChildren();
    byId("hand").hidden = true;
    this.buttons();
  }

  villages() {
    const { draft } = this;
    if (draft.order) return [];
    if (draft.scope === "village") return [draft.code];
    const { geo } = this.of;
    const town = geo.villages[draft.village].town;
    return geo.villages.filter((one) => one.town === town).map((one) => one.code);
  }

  body(rehearse) {
    const { draft } = this;
    const form = byId("hand").querySelector("form");
    const reason = form?.elements.reason?.value.trim() ?? "";
    const said = { kind: draft.kind, reason: reason || (rehearse ? "-" : "") };
    if (draft.kind === "assign" || draft.kind === "close") {
      return { ...said, help: form.elements.help.value, person: form.elements.person.value.trim() };
    }
    const villages = this.villages();
    if (villages.length) said.villages = villages;
    if (draft.order) said.order = draft.order.order;
    if (NEEDS_HAZARD.has(draft.kind)) said.hazard = draft.hazard;
    if (NEEDS_LEVEL.has(draft.kind)) said.level = draft.level;
    if (form?.elements.alone?.checked && !rehearse) said.alone = true;
    if (rehearse) said.rehearse = true;
    return said;
  }

  async send(body) {
    const { draft } = this;
    const headers = { "Content-Type": "application/json", "Idempotency-Key": draft.key };
    if (OF_ONE.has(draft.kind) && body.villages?.length === 1) headers["If-Match"] = `"${draft.seen}"`;
    try {
      const response = await fetch("/api/v1/acts", {
        method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(8000),
      });
      return { status: response.status, said: await response.json() };
    } catch {
      return { status: 0, said: { problems: [w.handLost] } };
    }
  }

  async rehearse() {
    const { draft } = this;
    draft.number += 1;
    const { number } = draft;
    draft.state = "asking";
    draft.problems = [];
    this.say();
    const { status, said } = await this.send(this.body(true));
    if (this.draft !== draft || draft.number !== number) return;
    draft.rehearsal = status === 200 ? said.rehearsal : null;
    draft.problems = status === 200 ? [] : (said.problems ?? [String(status)]);
    draft.state = status === 200 ? "ready" : status === 409 ? "stale" : "wrong";
    this.say();
  }

  async go() {
    const { draft } = this;
    if (draft.state !== "ready") return;
    draft.state = "sending";
    this.say();
    const { status, said } = await this.send(this.body(false));
    if (this.draft !== draft) return;
    draft.problems = said.problems ?? [];
    if (status === 200) {
      draft.state = "done";
      draft.done = said;
    } else if (status === 409) draft.state = "stale";
    else draft.state = status === 503 || status === 0 ? "ready" : "wrong";
    this.say();
    this.onDone(draft);
  }

  // The order that waits is refused by a second person, or taken back by its own author.
  async reject() {
    const { draft } = this;
    const reason = byId("hand").querySelector("form").elements.reason.value.trim();
    if (!["ready", "wrong"].includes(draft.state) || !reason) return;
    draft.state = "sending";
    draft.key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.say();
    const { status, said } = await this.send({ kind: "reject", order: draft.order.order, reason });
    if (this.draft !== draft) return;
    draft.problems = status === 200 ? [] : (said.problems ?? [String(status)]);
    draft.state = status === 200 ? "done" : "wrong";
    draft.done = said;
    this.say();
    this.onDone(draft);
  }

  // Read anew: another state, another act.
  again() {
    this.draft.seen = this.shown?.seen ?? "";
    this.draft.key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    this.rehearse();
  }

  // Something of the village is new while it is being read.
  fresh() {
    const { draft } = this;
    const isOf = this.shown && !draft.order && OF_ONE.has(draft.kind) && this.shown.code === draft.code;
    if (isOf && this.shown.seen !== draft.seen && ["ready", "wrong", "asking"].includes(draft.state)) {
      draft.state = "stale";
      draft.problems = [];
      this.say();
    }
  }

  build() {
    const { draft } = this;
    const place = byId("hand");
    const isDrill = this.of.live.state.head.mode === "drill";
    const form = el("form", { class: isDrill ? "hand-drill" : "hand-live", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.go(); } });
    form.append(el("h3", { class: "hand-title" }, this.title()));
    if (draft.order) form.append(el("p", { class: "quiet" }, w.proposedBy(draft.order.author, draft.order.reason)));
    form.append(...this.fields(), el("div", { class: "hand-shown", "aria-live": "polite" }), this.reasonOf(),
      el("label", { class: "hand-alone", hidden: true }, el("input", { type: "checkbox", name: "alone", onchange: () => this.say() }), el("span", {}, w.alone)),
      el("p", { class: "hand-problem", role: "alert" }),
      el("div", { class: "hand-go" }, el("button", { type: "submit", class: "go" }), el("button", { type: "button", class: "again", hidden: true, onclick: () => this.again() }, w.readAgain),
        draft.order ? el("button", { type: "button", class: "reject", onclick: () => this.reject() }, w.hand.reject) : "",
        el("button", { type: "button", class: "leave", onclick: () => this.close() }, w.leave)));
    place.replaceChildren(form);
    place.hidden = false;
  }

  title() {
    const { draft } = this;
    if (draft.order) return w.agreeTo(w.hand[draft.order.kind] ?? draft.order.kind, draft.order.villages);
    return `${w.hand[draft.kind]} · ${this.of.geo.villages[draft.village]?.name ?? ""}`;
  }

  fields() {
    const { draft } = this;
    const fields = [];
    const choice = (name, label, options, value, change) => {
      const select = el("select", { name, onchange: (event) => change(event.target.value) }, ...options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
      return el("label", { class: "hand-field" }, el("span", {}, label), select);
    };
    if (draft.kind === "assign" || draft.kind === "close") {
      const calls = (this.shown.helps ?? []).filter((call) => Boolean(call.assigned) === (draft.kind === "close"));
      const offset = this.of.live.state.head.utc_offset_s ?? 0;
      fields.push(choice("help", w.call, calls.map((call) => [call.help, w.callOf(call.caller, clock(call.opened_s, offset), call.assigned)]), calls[0]?.help, () => {}));
      fields.push(el("label", { class: "hand-field" }, el("span", {}, draft.kind === "assign" ? w.whoGoes : w.whoSays),
        el("input", { name: "person", maxlength: 40, required: true, autocomplete: "off", "data-first": true, oninput: () => this.say() })));
      return fields;
    }
    if (draft.order) return fields;
    if (NEEDS_HAZARD.has(draft.kind)) {
      const standing = (this.shown?.hazards ?? []).map((one) => [one.hazard, `${pick(one.zh, one.en)} ${w.level[one.level ?? 0]}`]);
      const all = Object.entries(this.of.geo.hazards).map(([name, [zh, en]]) => [name, pick(zh, en)]);
      const options = draft.kind === "issue" ? all : standing;
      fields.push(choice("hazard", w.hazard, options, draft.hazard, (value) => { draft.hazard = value; this.rehearse(); }));
    }
    if (NEEDS_LEVEL.has(draft.kind)) {
      const top = draft.kind === "lower" ? 3 : 4;
      const options = LEVELS.map((word, at) => [word, w.level[at]]).slice(1, top + 1);
      fields.push(choice("level", w.levelHead, options, draft.level, (value) => { draft.level = value; this.rehearse(); }));
    }
    if (HAS_SCOPE.has(draft.kind)) {
      const town = this.of.geo.villages[draft.village].town;
      const n = this.of.geo.villages.filter((one) => one.town === town).length;
      if (n > 1) fields.push(choice("scope", w.scope, [["village", w.thisVillage], ["town", w.wholeTown(this.of.geo.towns[town].name, n)]], draft.scope, (value) => { draft.scope = value; this.rehearse(); }));
    }
    return fields;
  }

  reasonOf() {
    const { draft } = this;
    if (draft.kind === "assign") return el("span");
    const id = `reasons-${draft.kind}`;
    const ready = w.reasons[draft.kind] ?? [];
    const input = el("input", { name: "reason", maxlength: 200, list: id, autocomplete: "off", required: true, "data-first": true, oninput: () => this.say() });
    input.value = ready[0] ?? "";
    return el("label", { class: "hand-field" }, el("span", {}, w.reason), input, el("datalist", { id }, ...ready.map((text) => el("option", { value: text }))));
  }

  // What is known of the draft, into the form that stands; nothing typed is touched.
  say() {
    const { draft } = this;
    const form = byId("hand").querySelector("form");
    if (!draft || !form) return;
    const { rehearsal } = draft;
    form.querySelector(".hand-shown").replaceChildren(...this.shownOf(rehearsal));
    const isForTwo = Boolean(rehearsal?.is_for_two);
    const alone = form.querySelector(".hand-alone");
    alone.hidden = !isForTwo || draft.state === "done";
    const isAlone = isForTwo && form.elements.alone.checked;
    setText(form.querySelector(".hand-problem"), [draft.state === "stale" && w.changedMeanwhile, ...draft.problems.filter((text) => !text.startsWith("now: ")).map((text) => problemsOf([text.replace(/^version: /, "")]))].filter(Boolean).join(" "));
    const go = form.querySelector(".go");
    const isDrill = this.of.live.state.head.mode === "drill";
    setText(go, draft.state === "sending" ? w.sending : goLabel(draft, isForTwo && !isAlone, isDrill));
    const hasReason = !form.elements.reason || form.elements.reason.value.trim();
    const hasPerson = !form.elements.person || form.elements.person.value.trim();
    const isOwn = draft.order && draft.order.author === this.session?.person;
    go.disabled = draft.state !== "ready" || !hasReason || !hasPerson || Boolean(isOwn);
    go.hidden = draft.state === "done" || draft.state === "stale";
    form.querySelector(".again").hidden = !["stale", "wrong"].includes(draft.state) || draft.kind === "assign" || draft.kind === "close";
    const reject = form.querySelector(".reject");
    if (reject) reject.hidden = draft.state === "done";
    setText(form.querySelector(".leave"), draft.state === "done" ? w.close : w.leave);
    for (const field of form.querySelectorAll(".hand-field")) field.hidden = draft.state === "done";
  }

  shownOf(rehearsal) {
    const { draft } = this;
    if (draft.state === "done") return [el("p", { class: "hand-done" }, draft.done.status === "waits" ? w.waitsSecond : w.taken(draft.done.sequence || ""))];
    if (draft.kind === "assign" || draft.kind === "close") return [];
    if (!rehearsal) return draft.state === "asking" ? [el("p", { class: "quiet" }, w.asking)] : [];
    const doors = Object.entries(rehearsal.doors);
    const n = doors.reduce((sum, [, one]) => sum + one, 0);
    const channels = doors.map(([name, one]) => {
      const took = rehearsal.seconds[name];
      return `${name} ${one}${took ? ` (${span(took)})` : ""}`;
    });
    const found = [el("p", { class: "hand-reach" }, w.reaches(rehearsal.villages, n, rehearsal.posts), channels.length ? el("small", {}, ` ${channels.join(" · ")}`) : "")];
    if (!rehearsal.words.length) found.push(el("p", { class: "quiet" }, w.doorsHearNothing));
    const many = rehearsal.words.length > 1;
    for (const one of rehearsal.words) {
      const head = [many && one.name, one.later_s && w.laterBy(span(one.later_s))].filter(Boolean).join(" · ");
      found.push(el("blockquote", {}, head ? el("small", {}, head) : "", el("span", {}, pick(one.zh, one.en))));
    }
    if (rehearsal.more > 0) found.push(el("p", { class: "quiet" }, w.andMore(rehearsal.more)));
    return found;
  }
}

function firstLevel(kind, hazard) {
  const level = hazard?.level ?? 0;
  if (kind === "raise") return LEVELS[Math.min(level + 1, 4)];
  if (kind === "lower") return LEVELS[Math.max(level - 1, 1)];
  return "orange";
}

function goLabel(draft, isForTwo, isDrill) {
  const { kind } = draft;
  if (kind === "assign" || kind === "close") return w.hand[kind];
  const word = draft.order ? w.agree : isForTwo ? w.propose(w.hand[kind]) : w.hand[kind];
  return isDrill ? w.asDrill(word) : w.asLive(word);
}

// Orders that wait for a second person, above the queue.
export function showProposals(live, geo, session, onAgree) {
  const place = byId("proposals");
  const waiting = ["officer", "second"].includes(session?.role) ? (live.state.head.proposals ?? []) : [];
  const offset = live.state.head.utc_offset_s ?? 0;
  place.hidden = waiting.length === 0;
  keyed(place, waiting, (one) => one.order, () => el("button", { type: "button", class: "proposal" }, el("strong"), el("span")), (button, one) => {
    const isOwn = one.author === session.person;
    const [zh, en] = geo.hazards[one.hazard] ?? [one.hazard, one.hazard];
    const level = one.level ? w.level[one.level] : "";
    setText(button.firstElementChild, isOwn ? w.ownProposal : w.toAgree);
    setText(button.lastElementChild, `${w.hand[one.kind] ?? one.kind} ${pick(zh, en)} ${level} · ${w.nVillages(one.villages)} · ${one.author} · ${w.lapses(clock(one.due_s, offset))}`);
    button.onclick = () => onAgree(one);
  });
}
