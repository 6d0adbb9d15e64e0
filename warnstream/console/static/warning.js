// One village's warning over time: versions side by side, what was said to whom and when, acts, why not higher.

import { bar, el } from "./dom.js";
import { pageHead } from "./pages.js";
import { clock, pick, w } from "./words.js";

export const WARNING = {
  nav: false,
  address: (code) => `/api/v1/villages/${encodeURIComponent(code)}/past`,
  show(past, { live }) {
    const offset = live.state?.head.utc_offset_s ?? 0;
    const p = w.page;
    const level = past.level ?? 0;
    const head = pageHead(past.name, `${past.township ?? ""} ${past.county ?? ""} · ${past.code}`, el("a", { class: "button no-print", href: "#/" }, p.back));
    head.prepend(el("span", { class: `badge big level-${level}` }, w.letter[level] || "·"));
    return [head,
      section(p.versions, p.newestFirst, versionsOf(past.versions ?? [], offset)),
      el("div", { class: "page-columns" },
        el("div", {}, section(p.notHigher, "", higherOf(past.judged ?? [], offset)), section(p.acts, "", actsOf(past.acts ?? [], offset))),
        el("div", {}, section(p.doorsTold, p.newestFirst, bulletinsOf(past.bulletins ?? [], offset)), section(p.postsTold, "", calledOf(past.called ?? [], offset)))),
      past.is_whole ? "" : el("p", { class: "quiet" }, p.more)];
  },
};

function section(title, note, ...content) {
  return el("section", { class: "page-section" }, el("h2", {}, title, note ? el("span", {}, note) : ""), ...content);
}

const badge = (level) => el("span", { class: `badge small level-${level}` }, w.letter[level] || "·");

function versionsOf(versions, offset) {
  if (!versions.length) return el("p", { class: "quiet" }, w.page.noVersions);
  return el("div", { class: "versions", "data-scroll": "versions", tabindex: "0", role: "group", "aria-label": w.page.versions }, ...versions.map((one) => versionOf(one, offset)));
}

function versionOf(one, offset) {
  const p = w.page;
  const level = one.level ?? 0;
  const marks = [one.is_by_hand && p.byHand, one.is_exercise && p.exercise].filter(Boolean);
  const why = one.why;
  return el("article", { class: `version edge-${level}` },
    el("div", { class: "version-head" }, badge(one.previous ?? 0), el("span", { class: "quiet", "aria-hidden": "true" }, "→"), el("span", { class: `badge level-${level}` }, w.letter[level] || "·"),
      el("div", {}, el("strong", {}, `${clock(one.issued_s, offset)} ${pick(one.hazard_zh, one.hazard_en)}`), el("small", {}, `${p.version(one.version)} · ${one.type} · ${pick(p.cause[one.cause] ?? one.cause, one.cause)}`))),
    marks.length ? el("p", { class: "marks" }, ...marks.map((text) => el("span", { class: "chip" }, text))) : "",
    why ? el("p", {}, pick(why.zh, why.en)) : "", why?.over_zh ? el("p", { class: "over" }, pick(why.over_zh, why.over_en)) : "",
    why?.is_confirmed === false ? el("p", { class: "quiet" }, w.notConfirmed) : "",
    el("blockquote", {}, pick(one.zh, one.en)),
    el("p", { class: "quiet" }, `${p.crossed(clock(one.crossed_s, offset))} · ${p.expires(clock(one.expires_s, offset))}`),
    one.cap ? el("details", { "data-key": one.id }, el("summary", {}, p.cap), el("pre", {}, one.cap)) : "");
}

function higherOf(judged, offset) {
  const p = w.page;
  if (!judged.length) return el("p", { class: "quiet" }, p.nothingNear);
  const worstFirst = [...judged].sort((a, b) => (b.level ?? 0) - (a.level ?? 0) || (b.higher?.[0]?.percent ?? 0) - (a.higher?.[0]?.percent ?? 0));
  return el("div", {}, ...worstFirst.map((one) => el("div", { class: "judged" },
    el("p", {}, badge(one.level ?? 0), " ", el("strong", {}, pick(one.zh, one.en)), one.falls_s ? el("small", {}, ` ${p.falls(clock(one.falls_s, offset))}`) : ""),
    ...(one.higher ?? []).map((higher) => el("div", { class: "higher" },
      el("span", {}, pick(higher.zh, higher.en), " ", el("small", {}, [higher.lead_s && p.ahead, higher.station].filter(Boolean).join(" · "))),
      el("span", { class: "quiet" }, p.needs(w.level[higher.level], higher.threshold, higher.unit)), el("strong", {}, `${higher.percent} %`), bar(higher.percent, 100, `${higher.percent} %`))),
    one.higher?.length ? "" : el("p", { class: "quiet" }, one.level === 4 ? p.top : p.nothingNear),
    one.notes?.length ? el("details", { "data-key": `notes-${one.hazard}` }, el("summary", {}, p.notesEn), ...one.notes.map((text) => el("p", { lang: "en" }, text))) : "")));
}

function bulletinsOf(bulletins, offset) {
  const p = w.page;
  if (!bulletins.length) return el("p", { class: "quiet" }, p.noBulletins);
  return el("div", {}, ...bulletins.map((one) => {
    const { addressed = 0, reached = 0, answered = 0, failed = 0 } = one.doors ?? {};
    return el("div", { class: "told" }, el("p", {}, badge(one.level ?? 0), " ", el("strong", {}, clock(one.issued_s, offset)), " ", p.action[one.action] ?? one.action,
      addressed ? el("small", {}, ` ${p.doorsLine(reached, answered, addressed)}${failed ? ` · ${w.failed(failed)}` : ""}`) : ""),
      el("blockquote", {}, pick(one.zh, one.en)));
  }));
}

function calledOf(called, offset) {
  if (!called.length) return el("p", { class: "quiet" }, w.page.noCalled);
  return tableOf(w.page.sentHead, called.map((one) => [one.post, one.channel, el("span", {}, badge(one.level ?? 0), ` ${clock(one.issued_s, offset)}`), clock(one.sent_s, offset, true), clock(one.answered_s, offset, true)]));
}

function actsOf(acts, offset) {
  if (!acts.length) return el("p", { class: "quiet" }, w.page.noActs);
  return tableOf(w.page.actHead, acts.map((one) => actCells(one, offset)));
}

export function actCells(one, offset) {
  const p = w.page;
  const kind = p.kind[one.kind] ?? one.kind;
  const result = one.result ? (w.level[["none", "blue", "yellow", "orange", "red"].indexOf(one.result)] ?? one.result) : "";
  const notes = [one.second && p.second(one.second), one.is_alone && p.alone].filter(Boolean).join(" · ");
  return [el("span", { title: p.entry(one.seq) }, clock(one.at_s, offset)), one.who, `${kind} ${result}`.trim(), one.subject ?? "", el("span", {}, one.reason ?? "", notes ? el("small", {}, ` ${notes}`) : "")];
}

export function tableOf(heads, rows) {
  return el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": heads.join(" ") }, el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell)))))));
}
