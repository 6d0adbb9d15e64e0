// One village's warning over time: versions side by side, what was said to whom and when, acts, why not higher.

import { bar, el } from "./dom.js";
import { pageHead } from "./pages.js";
import { moment, pick, w } from "./words.js";

export const WARNING = {
  nav: false,
  address: (code) => `/api/v1/villages/${encodeURIComponent(code)}/past`,
  show(past, { live }) {
    const times = clockOf(live);
    const p = w.page;
    const level = past.level ?? 0;
    const head = pageHead(past.name, `${past.township ?? ""} ${past.county ?? ""} · ${past.code}`, el("a", { class: "button no-print", href: "#/" }, p.back));
    head.prepend(el("span", { class: `badge big level-${level}` }, w.letter[level] || "·"));
    return [head,
      section(p.versions, p.newestFirst, versionsOf(past.versions ?? [], times)),
      el("div", { class: "page-columns" },
        el("div", {}, section(p.notHigher, "", higherOf(past.judged ?? [], times)), section(p.acts, "", actsOf(past.acts ?? [], times))),
        el("div", {}, section(p.doorsTold, p.newestFirst, bulletinsOf(past.bulletins ?? [], times)), section(p.postsTold, "", calledOf(past.called ?? [], times)))),
      past.is_whole ? "" : el("p", { class: "quiet" }, p.more)];
  },
};

// Clocks by the node's, with the day where it is not that of now: a page has days of acts.
export function clockOf(live) {
  const offset = live.state?.head.utc_offset_s ?? 0;
  const nowS = live.clock?.now_s ?? 0;
  return { offset, at: (s, withSeconds = false) => moment(s, offset, nowS, withSeconds) };
}

function section(title, note, ...content) {
  return el("section", { class: "page-section" }, el("h2", {}, title, note ? el("span", {}, note) : ""), ...content);
}

const badge = (level) => el("span", { class: `badge small level-${level}` }, w.letter[level] || "·");

function versionsOf(versions, times) {
  if (!versions.length) return el("p", { class: "quiet" }, w.page.noVersions);
  return el("div", { class: "versions", "data-scroll": "versions", tabindex: "0", role: "group", "aria-label": w.page.versions }, ...versions.map((one) => versionOf(one, times)));
}

function versionOf(one, times) {
  const p = w.page;
  const level = one.level ?? 0;
  const marks = [one.is_by_hand && p.byHand, one.is_exercise && p.exercise].filter(Boolean);
  const why = one.why;
  return el("article", { class: `version edge-${level}` },
    el("div", { class: "version-head" }, badge(one.previous ?? 0), el("span", { class: "quiet", "aria-hidden": "true" }, "→"), el("span", { class: `badge level-${level}` }, w.letter[level] || "·"),
      el("div", {}, el("strong", {}, `${times.at(one.issued_s)} ${pick(one.hazard_zh, one.hazard_en)}`), el("small", {}, `${p.version(one.version)} · ${p.type[one.type] ?? one.type} · ${pick(p.cause[one.cause] ?? one.cause, one.cause)}`))),
    marks.length ? el("p", { class: "marks" }, ...marks.map((text) => el("span", { class: "chip" }, text))) : "",
    why ? el("p", {}, pick(why.zh, why.en)) : "", why?.over_zh ? el("p", { class: "over" }, pick(why.over_zh, why.over_en)) : "",
    why?.is_confirmed === false ? el("p", { class: "quiet" }, w.notConfirmed) : "",
    el("blockquote", {}, pick(one.zh, one.en)),
    el("p", { class: "quiet" }, `${p.crossed(times.at(one.crossed_s))} · ${p.expires(times.at(one.expires_s))}`),
    one.cap ? el("details", { "data-key": one.id }, el("summary", {}, p.cap), el("pre", {}, one.cap)) : "");
}

function higherOf(judged, times) {
  const p = w.page;
  if (!judged.length) return el("p", { class: "quiet" }, p.nothingNear);
  const worstFirst = [...judged].sort((a, b) => (b.level ?? 0) - (a.level ?? 0) || (b.higher?.[0]?.percent ?? 0) - (a.higher?.[0]?.percent ?? 0));
  return el("div", {}, ...worstFirst.map((one) => el("div", { class: "judged" },
    el("p", {}, badge(one.level ?? 0), " ", el("strong", {}, pick(one.zh, one.en)), one.falls_s ? el("small", {}, ` ${p.falls(times.at(one.falls_s))}`) : ""),
    ...(one.higher ?? []).map((higher) => el("div", { class: "higher" },
      el("span", {}, pick(higher.zh, higher.en), " ", el("small", {}, [higher.lead_s && p.ahead, higher.station].filter(Boolean).join(" · "))),
      el("span", { class: "quiet" }, p.needs(w.level[higher.level], higher.threshold, higher.unit)), el("strong", {}, `${higher.percent} %`), bar(higher.percent, 100, `${higher.percent} %`))),
    one.higher?.length ? "" : el("p", { class: "quiet" }, one.level === 4 ? p.top : p.nothingNear),
    one.notes?.length ? el("details", { "data-key": `notes-${one.hazard}` }, el("summary", {}, p.notesEn), ...one.notes.map((text) => el("p", { lang: "en" }, text))) : "")));
}

function bulletinsOf(bulletins, times) {
  const p = w.page;
  if (!bulletins.length) return el("p", { class: "quiet" }, p.noBulletins);
  return el("div", {}, ...bulletins.map((one) => {
    const { addressed = 0, reached = 0, answered = 0, failed = 0 } = one.doors ?? {};
    return el("div", { class: "told" }, el("p", {}, badge(one.level ?? 0), " ", el("strong", {}, times.at(one.issued_s)), " ", p.action[one.action] ?? one.action,
      addressed ? el("small", {}, ` ${p.doorsLine(reached, answered, addressed)}${failed ? ` · ${w.failed(failed)}` : ""}`) : ""),
      el("blockquote", {}, pick(one.zh, one.en)));
  }));
}

function calledOf(called, times) {
  if (!called.length) return el("p", { class: "quiet" }, w.page.noCalled);
  return tableOf(w.page.sentHead, called.map((one) => [one.post, one.channel, el("span", {}, badge(one.level ?? 0), ` ${times.at(one.issued_s)}`), times.at(one.sent_s, true), times.at(one.answered_s, true)]));
}

function actsOf(acts, times) {
  if (!acts.length) return el("p", { class: "quiet" }, w.page.noActs);
  return tableOf(w.page.actHead, acts.map((one) => actCells(one, times)));
}

export function actCells(one, times) {
  const p = w.page;
  const kind = p.kind[one.kind] ?? one.kind;
  const result = one.result ? (w.level[["none", "blue", "yellow", "orange", "red"].indexOf(one.result)] ?? one.result) : "";
  const notes = [one.second && p.second(one.second), one.is_alone && p.alone].filter(Boolean).join(" · ");
  return [el("span", { title: p.entry(one.seq) }, times.at(one.at_s)), one.who, `${kind} ${result}`.trim(), one.subject ?? "", el("span", {}, one.reason ?? "", notes ? el("small", {}, ` ${notes}`) : "")];
}

export function tableOf(heads, rows) {
  return el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": heads.join(" ") }, el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell)))))));
}
