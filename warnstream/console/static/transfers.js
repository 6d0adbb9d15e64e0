// Moving people out and back: the five counters with who is missing, lists by name and by number, two people confirm.

import { sendAct } from "./alarms.js";
import { bar, byId, el, setText } from "./dom.js";
import { actForm, field, villagesOf } from "./form.js";
import { pageHead } from "./pages.js";
import { exportsOf } from "./sheets.js";
import { moment, problemsOf, w } from "./words.js";

const ROWS_SHOWN = 400;
const MISSING_SHOWN = 12;

export const TRANSFERS = {
  roles: ["officer", "second"],
  address: (list) => (list ? `/api/v1/transfers/${encodeURIComponent(list)}` : "/api/v1/transfers"),
  show(found, context) {
    const { live, session, argument } = context;
    const t = w.transfers;
    const offset = live.state?.head.utc_offset_s ?? 0;
    const lists = found.lists ?? [];
    const open = lists.filter((one) => !one.is_closed);
    const head = pageHead(argument ? t.listOf(argument) : w.page.names.transfers, t.intro, argument ? el("a", { class: "button no-print", href: "#/transfers" }, t.allLists) : "", ...exportsOf("control"));
    const parts = [head];
    if (found.counters?.length) parts.push(el("section", { class: "page-section" }, el("h2", {}, t.five, el("span", {}, t.fiveNote)), el("div", { class: "counters" }, ...found.counters.map(counterOf))));
    // Forms name villages and the mode: both are known once the map is read.
    if (context.geo && session.role === "officer" && !argument) parts.push(orderForm(context, found.zones ?? []));
    if (context.geo && !argument) parts.push(placesForm(context, found.zones ?? []));
    if (!argument && (found.deadlines?.length || found.deadline_note)) parts.push(aheadOf(found, offset, context));
    parts.push(...(argument ? lists : open).map((one) => listOf(one, offset, context, Boolean(argument))));
    if (!open.length && !argument) parts.push(el("p", { class: "quiet" }, t.noneOpen));
    const closed = argument ? [] : lists.filter((one) => one.is_closed);
    if (closed.length) parts.push(el("section", { class: "page-section" }, el("h2", {}, t.closed), ...closed.map((one) => el("p", {}, el("a", { href: `#/transfers/${encodeURIComponent(one.list)}` }, one.list), ` ${one.reason} · ${one.author}`))));
    return parts;
  },
};

function counterOf(one) {
  const t = w.transfers;
  const done = one.done ?? 0;
  const total = one.total ?? 0;
  const isWhole = total > 0 && done === total;
  const missing = one.missing ?? [];
  return el("div", { class: isWhole || !total ? "counter" : "counter open" },
    el("strong", { class: "counter-share" }, total ? `${Math.floor((100 * done) / total)} %` : "–"), el("span", {}, t.counter[one.counter] ?? one.counter),
    el("small", {}, total ? `${done} / ${total}${one.persons_total ? ` · ${t.persons(one.persons_done ?? 0, one.persons_total)}` : ""}` : t.nothingToCount), bar(done, total, `${done} / ${total}`),
    missing.length ? el("details", { "data-key": `missing-${one.counter}` }, el("summary", {}, t.missing(total - done)), el("p", { class: "missing" }, missing.slice(0, MISSING_SHOWN * 10).join("、"))) : "");
}

function listOf(one, offset, context, withRows) {
  const t = w.transfers;
  const minutes = Math.floor(one.left_s / 60);
  const left = one.is_closed ? t.isClosed : minutes >= 0 ? t.left(minutes) : t.over(-minutes);
  const villages = one.villages ?? [];
  const sum = (name) => villages.reduce((all, village) => all + (village[name] ?? 0), 0);
  return el("section", { class: "page-section" },
    el("div", { class: "list-head" }, el("div", {}, el("h2", {}, one.reason || one.list), el("p", { class: "quiet" }, [one.author, t.state[one.state] ?? one.state, t.advice[one.advice] ?? one.advice, (one.grades ?? []).join(" ")].filter(Boolean).join(" · "))),
      el("strong", { class: one.is_overdue ? "left overdue" : "left" }, left, el("small", {}, ` ${t.by(moment(one.by_s, offset, context.live.clock?.now_s ?? 0))}`)),
      withRows ? "" : el("a", { class: "button no-print", href: `#/transfers/${encodeURIComponent(one.list)}` }, t.rows(sum("rows")))),
    modelHour(one, offset, context),
    el("p", {}, t.out(sum("out"), sum("persons"), sum("rows") - sum("open"), sum("rows"))),
    el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": t.villageHead.join(" ") }, el("table", { class: "village-table" }, el("thead", {}, el("tr", {}, ...t.villageHead.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...villages.map((village) => villageRow(village, one, context))))),
    withRows ? rowsOf(one, offset, context) : "");
}

// The hour by a weather model beside the one that was ordered; or that nobody knows one, which is said and never left out.
function modelHour(one, offset, context) {
  const t = w.transfers;
  if (one.is_closed || !(one.deadline_s || one.deadline_note)) return "";
  const at = one.deadline_s ? t.byModel(moment(one.deadline_s, offset, context.live.clock?.now_s ?? 0)) : "";
  return el("p", { class: one.deadline_note ? "doubt" : "" }, [at, aheadNote(one.deadline_note ?? "")].filter(Boolean).join(" · "));
}

function aheadNote(text) {
  for (const [form, said] of w.transfers.aheadForms) {
    const found = form.exec(text);
    if (found) return said(found.groups);
  }
  return text;
}

function aheadOf(found, offset, context) {
  const t = w.transfers;
  const now = context.live.clock?.now_s ?? 0;
  const names = new Map((context.geo?.villages ?? []).map((village) => [village.code, village.name]));
  const rows = (found.deadlines ?? []).slice(0, MISSING_SHOWN).map((one) => el("tr", {}, el("td", {}, names.get(one.village) || one.village),
    el("td", {}, moment(one.deadline_s, offset, now)), el("td", {}, moment(one.onset_s, offset, now)), el("td", {}, `${Math.round(100 * one.probability)} %`)));
  const table = rows.length ? el("div", { class: "page-table" }, el("table", {}, el("thead", {}, el("tr", {}, ...t.aheadHead.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows))) : "";
  const more = (found.deadlines ?? []).length > MISSING_SHOWN ? el("p", { class: "quiet" }, w.page.firstOf(MISSING_SHOWN, found.deadlines.length)) : "";
  return el("section", { class: "page-section ahead" }, el("h2", {}, t.aheadTitle), found.deadline_note ? el("p", { class: "doubt" }, aheadNote(found.deadline_note)) : "", table, more);
}

function villageRow(village, list, context) {
  const t = w.transfers;
  const heads = village.heads ?? {};
  const told = [["to_move", t.heads[0]], ["moved", t.heads[1]], ["refused", t.heads[2]]].filter(([word]) => heads[word] !== undefined).map(([word, text]) => `${text} ${heads[word]}`);
  const buttons = [];
  if (context.session.role === "officer" && !list.is_closed) {
    if (!village.is_over) buttons.push(actButton(t.dangerOver, { kind: "transfer-over", villages: [village.code] }, context));
    else buttons.push(actButton(t.leaveShelter, { kind: "leave-shelter", villages: [village.code] }, context));
  }
  if (!list.is_closed) buttons.push(actButton(t.assessSafe, { kind: "assess", verdict: "safe", villages: [village.code] }, context), actButton(t.assessUnsafe, { kind: "assess", verdict: "unsafe", villages: [village.code] }, context));
  const state = [village.is_over ? t.isOver : "", village.is_assessed === true ? t.isSafe : village.is_assessed === false ? t.isUnsafe : ""].filter(Boolean).join(" · ");
  return el("tr", {}, el("td", {}, village.name || village.code), el("td", {}, `${(village.rows ?? 0) - (village.open ?? 0)} / ${village.rows ?? 0}`), el("td", {}, `${village.out ?? 0} / ${village.persons ?? 0}`),
    el("td", {}, told.join(" ") || "–", doubtsOf(village)), el("td", {}, state), el("td", { class: "no-print" }, el("div", { class: "row-acts" }, ...buttons)));
}

// By name and by number do not agree: both are kept, and said.
function doubtsOf(village) {
  const doubts = village.contradictions ?? [];
  if (!doubts.length) return "";
  return el("details", { "data-key": `doubt-${village.code}` }, el("summary", { class: "doubt" }, w.transfers.doubts(doubts.length)), ...doubts.map((text) => el("small", {}, el("div", {}, doubtOf(text)))));
}

// The node writes what contradicts each other in English; here it is said in the reader's language, or left as it is.
function doubtOf(text) {
  for (const [form, said] of w.transfers.doubtForms) {
    const found = form.exec(text);
    if (found) return said(found.groups);
  }
  return text;
}

function rowsOf(one, offset, context) {
  const t = w.transfers;
  const rows = (one.rows ?? []).slice(0, ROWS_SHOWN);
  return el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": t.rowHead.join(" "), "data-scroll": "rows" }, el("table", {}, el("thead", {}, el("tr", {}, ...t.rowHead.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map((row) => el("tr", { class: `move-${row.state}` }, el("td", {}, row.code), el("td", {}, `${t.rowKind[row.kind] ?? row.kind} ${row.grade ?? ""}`), el("td", {}, row.persons ? String(row.persons) : "?"),
      el("td", {}, el("strong", {}, t.rowState[row.state] ?? row.state), row.by ? el("small", {}, ` ${row.by} ${moment(row.at_s, offset, context.live.clock?.now_s ?? 0)}`) : "", row.doubt ? el("small", { class: "doubt" }, ` ${doubtOf(row.doubt)}`) : ""), el("td", {}, row.shelter ?? ""), el("td", {}, row.helper ?? ""),
      el("td", { class: "no-print" }, row.state === "safe" || one.is_closed ? "" : confirmButton(row, context)))))),
  (one.rows ?? []).length > ROWS_SHOWN ? el("p", { class: "quiet" }, w.page.firstOf(ROWS_SHOWN, one.rows.length)) : "");
}

// The first of two different persons says it, the other one confirms it; the node refuses the same one twice.
function confirmButton(row, context) {
  const t = w.transfers;
  const isSecond = row.state === "said_safe";
  const isOwn = isSecond && row.by === context.session.person;
  if (isOwn) return el("small", { class: "quiet" }, t.waitsOther);
  return actButton(isSecond ? t.confirmSecond : t.confirmFirst, { kind: "confirm_move", rows: [row.code], reason: "" }, context, false);
}

function actButton(text, said, context, wantsReason = true) {
  const button = el("button", { type: "button" }, text);
  button.addEventListener("click", () => (wantsReason ? ask(text, said, context) : send(said, context, button)));
  return button;
}

async function send(said, context, button) {
  button.disabled = true;
  const { status, said: answer } = await sendAct(said);
  button.disabled = false;
  if (status !== 200) setText(byId("said"), problemsOf(answer.problems, status));
  if (status !== 200) ask(button.textContent, said, context, problemsOf(answer.problems, status));
  else setTimeout(context.again, 1200);
}

// What is to happen, why, and what the node says of it: in a dialog of its own, so that nothing typed is lost.
function ask(title, said, context, problem = "") {
  const t = w.transfers;
  const dialog = byId("ask");
  const isDrill = context.live.state?.head.mode === "drill";
  const reason = el("input", { name: "reason", maxlength: 200, required: true, autocomplete: "off" });
  const wrong = el("p", { class: "hand-problem", role: "alert" }, problem);
  const go = el("button", { type: "submit", class: "go" }, isDrill ? w.asDrill(title) : w.asLive(title));
  const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const form = el("form", { class: isDrill ? "hand-drill" : "hand-live", onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    const { status, said: answer } = await sendAct({ ...said, reason: reason.value.trim() }, { "Idempotency-Key": key });
    go.disabled = false;
    if (status === 200) {
      dialog.close();
      setTimeout(context.again, 1200);
    } else setText(wrong, problemsOf(answer.problems, status));
  } }, el("h2", {}, title), el("p", { class: "quiet" }, t.about((said.villages ?? said.rows ?? []).join(" "))), el("label", { class: "hand-field" }, el("span", {}, w.reason), reason), wrong,
  el("div", { class: "hand-go" }, go, el("button", { type: "button", onclick: () => dialog.close() }, w.leave)));
  dialog.replaceChildren(form);
  dialog.showModal();
  reason.focus();
}

// A transfer is ordered for villages or zones, by grades, until an hour; who would be told is asked before.
function orderForm(context, zones) {
  const t = w.transfers;
  const { geo, live } = context;
  const isDrill = live.state?.head.mode === "drill";
  const codes = el("input", { name: "villages", autocomplete: "off", maxlength: 400, placeholder: t.villagesHint });
  const zone = el("select", { name: "zone" }, el("option", { value: "" }, t.allZones), ...zones.map(([code, name, village]) => el("option", { value: code }, `${name || code} (${village})`)));
  const by = el("input", { name: "by", maxlength: 16, placeholder: "18:00", autocomplete: "off" });
  const reason = el("input", { name: "reason", maxlength: 200, required: true, autocomplete: "off" });
  const grades = ["A", "B", "C", "D"].map((grade) => el("label", { class: "grade" }, el("input", { type: "checkbox", name: "grade", value: grade, checked: true }), grade));
  const form = actForm({
    name: "order", isDrill, again: context.again, words: { look: t.look, go: t.order },
    fields: [field(t.villages, codes), field(t.zone, zone), field(t.grades, el("span", { class: "grades" }, ...grades)), field(t.hour, by), field(w.reason, reason)],
    bodyOf: (shown) => {
      const named = villagesOf(codes.value, geo);
      const chosen = [...shown.querySelectorAll("[name=grade]:checked")].map((one) => one.value);
      const body = { kind: "transfer", reason: reason.value.trim(), villages: named.codes, by: by.value.trim() };
      if (zone.value) body.zones = [zone.value];
      if (chosen.length < 4) body.grades = chosen;
      return { body, problems: reason.value.trim() ? named.problems : [...named.problems, w.form.noReason] };
    },
  });
  return el("details", { class: "page-section no-print", "data-key": "order" }, el("summary", {}, t.order), form);
}

// Somebody has looked at a place, or people may come back to it: by villages or by zones. A return is two persons' word, and
// its words are those that doors will read.
function placesForm(context, zones) {
  const t = w.transfers;
  const { geo, live, session } = context;
  const isDrill = live.state?.head.mode === "drill";
  const codes = el("input", { name: "villages", autocomplete: "off", maxlength: 400, placeholder: t.villagesHint });
  const acts = [["safe", t.assessSafe], ["unsafe", t.assessUnsafe], ...(session.role === "officer" ? [["return", t.mayReturn]] : [])];
  const act = el("select", { name: "act" }, ...acts.map(([value, text]) => el("option", { value }, text)));
  const zone = el("select", { name: "zones", multiple: true, size: Math.min(4, Math.max(2, zones.length)), "aria-label": t.zone }, ...zones.map(([code, name, village]) => el("option", { value: code }, `${name || code} (${village})`)));
  const reason = el("input", { name: "reason", maxlength: 200, required: true, autocomplete: "off" });
  const form = actForm({
    name: "places", isDrill, again: context.again, words: { look: t.look, go: t.order2 },
    fields: [field(t.what, act), field(t.villages, codes), ...(zones.length ? [field(t.zones, zone)] : []), field(w.reason, reason), el("p", { class: "quiet" }, t.returnNote)],
    bodyOf: () => {
      const named = villagesOf(codes.value, geo);
      const chosen = [...zone.selectedOptions].map((one) => one.value);
      const problems = [...named.problems, ...(named.codes.length || chosen.length ? [] : [t.noPlace]), ...(reason.value.trim() ? [] : [w.form.noReason])];
      const body = { kind: act.value === "return" ? "return" : "assess", reason: reason.value.trim(), villages: named.codes };
      if (chosen.length) body.zones = chosen;
      if (body.kind === "assess") body.verdict = act.value;
      return { body, problems };
    },
  });
  return el("details", { class: "page-section no-print", "data-key": "places" }, el("summary", {}, session.role === "officer" ? t.placesTitle : t.assessTitle), form);
}
