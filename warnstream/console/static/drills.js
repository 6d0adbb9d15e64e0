// Drills beside the real operation: begun and stopped by township, scored by village and post. Everything of a drill is
// striped and says so; nothing here has a colour of a level.

import { sendAct } from "./alarms.js";
import { bar, byId, el, setText } from "./dom.js";
import { actForm, field, newKey, villagesOf } from "./form.js";
import { pageHead } from "./pages.js";
import { moment, pick, problemsOf, span, w } from "./words.js";

const LEVELS = ["blue", "yellow", "orange", "red"];
const POSTS_SHOWN = 40;

export const DRILLS = {
  address: () => "/api/v1/drills",
  show(found, context) {
    const d = w.drills;
    const { live, session } = context;
    const nowS = live.clock?.now_s ?? 0;
    const offset = live.state?.head.utc_offset_s ?? 0;
    const all = found.drills ?? [];
    const on = all.filter((one) => one.is_on);
    const over = all.filter((one) => !one.is_on);
    const isWhole = live.state?.head.mode === "drill";
    const parts = [pageHead(w.page.names.drill, d.intro)];
    parts.push(el("p", { class: on.length ? "drill-banner on" : "drill-banner", role: "status" }, isWhole ? d.whole : on.length ? d.on(on.length, on.reduce((sum, one) => sum + running(one).length, 0)) : d.none));
    if (found.unread) parts.push(el("p", { class: "hand-problem", role: "alert" }, d.unread(found.unread)));
    parts.push(...on.map((one) => drillOf(one, nowS, offset, context)));
    if (context.geo && session.role === "officer" && !isWhole) parts.push(startForm(context));
    parts.push(yearOf(found));
    if (over.length) parts.push(el("h2", { class: "page-part" }, d.over), ...over.map((one) => drillOf(one, nowS, offset, context)));
    return parts;
  },
};

const running = (drill) => (drill.villages ?? []).filter((village) => !village.ended);
const hasAnswered = (post) => (post.answered_after_s ?? -1) >= 0;

function drillOf(one, nowS, offset, context) {
  const d = w.drills;
  const villages = one.villages ?? [];
  const sum = (name) => villages.reduce((all, village) => all + (village[name] ?? 0), 0);
  const posts = villages.flatMap((village) => village.posts ?? []);
  const minutes = Math.max(0, Math.ceil((one.ends_s - nowS) / 60));
  return el("section", { class: one.is_on ? "page-section drill-frame" : "page-section" },
    el("div", { class: "list-head" }, el("div", {}, el("h2", {}, el("span", {}, el("span", { class: "drill-word" }, d.word), ` ${one.reason}`)),
      el("p", { class: "quiet" }, [one.author, moment(one.begun_s, offset, nowS), one.is_announced ? d.announced : d.unannounced, one.drill].join(" · "))),
    el("strong", { class: "left" }, one.is_on ? d.endsIn(minutes) : d.isOver), one.is_on && context.session.role === "officer" ? el("button", { type: "button", class: "no-print drill-stop", onclick: () => stop(one, context) }, d.stop) : ""),
    el("div", { class: "drill-score" }, share(d.postsAnswered, posts.filter(hasAnswered).length, posts.length), share(d.doorsAnswered, sum("answered"), sum("doors"))),
    el("div", { class: "page-table", tabindex: "0", role: "region", "aria-label": `${one.reason} ${d.villageHead.join(" ")} ${one.drill}`, "data-scroll": one.drill }, el("table", {},
      el("thead", {}, el("tr", {}, ...d.villageHead.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...villages.map((village) => villageRow(village, one, offset, nowS))))));
}

function share(name, n, of) {
  return el("div", {}, el("span", {}, name), el("strong", {}, of ? `${Math.round((100 * n) / of)} %` : "–"), el("small", {}, `${n} / ${of}`), bar(n, of, `${name} ${n} / ${of}`));
}

function villageRow(village, drill, offset, nowS) {
  const d = w.drills;
  const posts = village.posts ?? [];
  const { doors = 0, answered = 0, helps = 0 } = village;
  const first = village.first_after_s ?? -1;
  return el("tr", {}, el("td", {}, village.name || village.code), el("td", {}, village.ended ? (d.ended[village.ended] ?? village.ended) : d.isOn),
    el("td", {}, village.told_s ? moment(village.told_s, offset, nowS) : d.notTold),
    el("td", {}, `${answered} / ${doors}`, first >= 0 ? el("small", {}, ` ${d.firstAfter(span(first))}`) : "", helps ? el("small", { class: "doubt" }, ` ${d.helps(helps)}`) : ""),
    el("td", {}, posts.length ? el("details", { "data-key": `posts-${drill.drill}-${village.code}` }, el("summary", {}, d.posts(posts.filter(hasAnswered).length, posts.length)),
      ...posts.slice(0, POSTS_SHOWN).map(postLine)) : "–"));
}

function postLine(post) {
  const d = w.drills;
  const answer = hasAnswered(post) ? d.after(span(post.answered_after_s)) : d.never;
  return el("p", { class: "drill-post" }, el("strong", {}, post.post), ` ${answer}`, post.reminders ? el("small", {}, ` ${d.again(post.reminders)}`) : "", post.check ? el("small", {}, ` ${d.check[post.check]}`) : "");
}

// Which townships have not had one for a year.
function yearOf(found) {
  const d = w.drills;
  const towns = (found.towns ?? []).filter(([, of, n]) => n < of);
  const said = d.ofYear(found.drilled ?? 0, found.of ?? 0);
  return el("section", { class: "page-section" }, el("h2", {}, d.year, el("span", {}, said)), bar(found.drilled ?? 0, found.of ?? 0, said),
    towns.length ? el("details", { "data-key": "towns" }, el("summary", {}, d.without(towns.length)), el("p", { class: "missing" }, towns.map(([town, of, n]) => `${town} ${n}/${of}`).join("、"))) : "");
}

function startForm(context) {
  const d = w.drills;
  const { geo } = context;
  const option = (value, text, selected) => el("option", { value, selected }, text);
  const town = el("select", { name: "town" }, option("", "–"), ...geo.towns.map((one, at) => option(String(at), `${one.name} ${one.county ?? ""}`)));
  const codes = el("input", { name: "villages", autocomplete: "off", maxlength: 400, placeholder: d.villagesHint });
  const hazard = el("select", { name: "hazard" }, ...Object.entries(geo.hazards).map(([name, [zh, en]]) => option(name, pick(zh, en))));
  const level = el("select", { name: "level" }, ...LEVELS.map((word, at) => option(word, w.level[at + 1], word === "red")));
  const lasts = el("select", { name: "lasts" }, ...[20, 30, 60, 120].map((minutes) => option(`${minutes}min`, d.minutes(minutes), minutes === 60)));
  const announced = el("input", { type: "checkbox", name: "announced" });
  const reason = el("input", { name: "reason", maxlength: 200, autocomplete: "off", required: true });
  const form = actForm({
    name: "drill", isDrill: true, again: context.again, words: { look: d.look, go: d.start },
    fields: [field(d.town, town), field(d.orVillages, codes), field(w.hazard, hazard), field(w.levelHead, level), field(d.lasts, lasts),
      el("label", { class: "hand-alone" }, announced, el("span", {}, d.tellPosts)), field(w.reason, reason)],
    bodyOf: () => {
      const named = villagesOf(codes.value, geo);
      // Townships go by the codes of their villages: two counties may have one of the same name.
      const ofTown = town.value === "" ? [] : geo.villages.filter((village) => village.town === Number(town.value)).map((village) => village.code);
      const villages = [...new Set([...ofTown, ...named.codes])];
      const problems = [...named.problems, ...(villages.length ? [] : [d.noPlace]), ...(reason.value.trim() ? [] : [w.form.noReason])];
      const body = { kind: "drill_start", reason: reason.value.trim(), villages, hazard: hazard.value, level: level.value, lasts: lasts.value };
      if (announced.checked) body.announced = true;
      return { body, problems };
    },
  });
  return el("details", { class: "page-section no-print", "data-key": "start" }, el("summary", {}, d.begin), form);
}

// A drill is stopped with a reason, in a frame that says which one; real warnings are not touched.
function stop(drill, context) {
  const d = w.drills;
  const dialog = byId("ask");
  const key = newKey();
  const reason = el("input", { name: "reason", maxlength: 200, required: true, autocomplete: "off" });
  const wrong = el("p", { class: "hand-problem", role: "alert" });
  const go = el("button", { type: "submit", class: "go" }, d.stop);
  const form = el("form", { class: "hand-drill", onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    const { status, said } = await sendAct({ kind: "drill_stop", order: drill.drill, reason: reason.value.trim() }, { "Idempotency-Key": key });
    go.disabled = false;
    if (status !== 200) return void setText(wrong, problemsOf(said.problems, status));
    dialog.close();
    setTimeout(context.again, 1200);
  } }, el("h2", {}, `${d.stop} · ${drill.reason}`), el("p", {}, d.stopNote(running(drill).length)), field(w.reason, reason), wrong,
  el("div", { class: "hand-go" }, go, el("button", { type: "button", onclick: () => dialog.close() }, w.leave)));
  dialog.replaceChildren(form);
  dialog.showModal();
  reason.focus();
}
