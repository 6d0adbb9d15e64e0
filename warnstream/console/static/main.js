// The page: signing in, one screen, one selection that queue, map and keys share.

import { isSeen, NO_DATA_S, openShift, sendAct, showAlarms, Sound, toSee } from "./alarms.js";
import { Detail } from "./detail.js";
import { byId, el, keyed, setClass, setText } from "./dom.js";
import { DRILLS } from "./drills.js";
import { buildHead, showHead } from "./head.js";
import { Hands, showProposals } from "./hands.js";
import { Live } from "./live.js";
import { CountyMap } from "./map.js";
import { Pages } from "./pages.js";
import { buildQueue, reveal, showQueue, step } from "./queue.js";
import { REVIEW } from "./review.js";
import { sheetPage } from "./sheets.js";
import { Times } from "./times.js";
import { TRANSFERS } from "./transfers.js";
import { WARNING } from "./warning.js";
import { loadSettings, problemsOf, settings, use, w } from "./words.js";

const LABELS = 9;
const ASK_MS = 5000;
const KINDS = { r: "release", e: "end", c: "correct", a: "assign" };

const live = new Live(changed, () => signIn(w.signedOut));
const detail = new Detail((village) => selectVillage(village, true), () => ["officer", "second"].includes(session?.role));
const sound = new Sound();
const hands = new Hands(() => detail.ask(detail.code));
const times = new Times(live, timeChanged);
const seen = () => times.view ?? live; // what the screen shows: of now, or of another time
const pages = new Pages({
  warning: WARNING, transfers: TRANSFERS, stations: sheetPage("stations"), thresholds: sheetPage("thresholds", { intro: () => w.page.readOnly }),
  review: REVIEW, drill: DRILLS, admin: sheetPage("admin", { roles: ["officer"], everywhere: true }),
}, () => ({ live, geo, session }));
detail.onChange = () => geo && live.state && showDetail();
let session = null;
let geo = null;
let map = null;
let town = -1;
let village = -1;
let isTable = false;

loadSettings();
buildHead(onSetting, toggleTable, signOut, toggleSound, () => live.state && session && openShift(live, session, sound));
buildQueue((chosen) => selectTown(chosen, true));
buildSignIn();
times.build();
setInterval(tick, 500);
setInterval(() => detail.code && live.state && detail.ask(detail.code), ASK_MS);
document.addEventListener("keydown", onKey);
begin();

// A one-time link signs in once; its token leaves the address at once.
async function signInOnce() {
  const [, word, once] = location.hash.split("/");
  if (word !== "once" || !once) return;
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  await fetch("/api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ once }) }).catch(() => {});
}

async function begin(isFirst = true) {
  let response;
  await signInOnce();
  try {
    response = await fetch("/api/v1/session", { cache: "no-store" });
  } catch {
    return void setTimeout(begin, 1000);
  }
  if (response.status === 401) return signIn(isFirst ? "" : w.signedOut);
  if (!response.ok) return void setTimeout(begin, 1000);
  session = await response.json();
  byId("sign-in").hidden = true;
  byId("screen").hidden = false;
  onSetting();
  pages.follow();
  await live.start();
}

async function readMap() {
  const response = await fetch("/api/v1/geo");
  if (!response.ok) throw new Error(String(response.status));
  geo = await response.json();
  geo.towns.forEach((one) => { one.county ??= ""; });
  geo.villages.forEach((one) => { one.town ??= 0; });
  const canvas = byId("map").cloneNode();
  byId("map").replaceWith(canvas);
  map = new CountyMap(canvas, geo, (picked) => selectVillage(picked, true));
  buildZoom();
  buildLegend();
}

let reading = null;

function changed(news) {
  if (!live.state) return tick();
  if (news.all) {
    // Another configuration may have other villages.
    reading = readMap().then(showAll, () => setTimeout(() => changed({ all: true }), 1000));
    return;
  }
  if (!map) return;
  if (times.isNow && (news.villages?.length || news.stations)) map.all(live.state.level, live.state.sight, live.state.stations);
  if (news.rose?.length) say(news.rose);
  show();
  if (news.villages?.includes(village)) detail.ask(geo.villages[village].code);
}

function showAll() {
  if (town >= geo.towns.length) town = -1;
  if (village >= geo.villages.length) village = -1;
  if (pages.data) pages.show();
  times.now();
}

function timeChanged() {
  if (!geo || !live.state) return;
  const { state } = seen();
  map.all(state.level, state.sight, state.stations);
  map.ahead(state.ahead ?? []);
  hands.close();
  // One time for the whole screen: of the village nothing is asked that the map does not show yet.
  detail.setTime(times.view ? times.view.clock.now_s : 0, state.head.mode === "expected");
  show();
}

function show() {
  if (!geo || !live.state) return tick();
  const shown = seen();
  if (town < 0 && village < 0 && shown.rows.size) selectTown([...shown.rows.keys()][0], false);
  const nowS = live.clock?.now_s ?? 0;
  const unseen = (live.state.head.alarms ?? []).filter((one) => one.urgency === "A" && !isSeen(one, nowS));
  showQueue(shown, geo, town, session, new Set(times.isNow ? unseen.map((one) => one.town) : []), (picked) => selectVillage(picked, true), village);
  map.labels([...shown.rows.values()].slice(0, LABELS).map((row) => row.town));
  times.show(unseen.length);
  map.select(village);
  showAlarms(live, geo, session, see, (picked) => selectVillage(picked, true), times.isNow);
  showProposals(live, geo, times.isNow ? session : null, (proposal) => hands.agree(proposal));
  showDetail();
  if (isTable) showTable();
  tick();
}

async function toggleSound() {
  await (sound.state === "on" ? sound.turnOff() : sound.turnOn());
  tick();
}

async function see(alarm) {
  const said = { kind: "see", urgency: alarm.urgency, villages: alarm.village < 0 ? [] : [geo.villages[alarm.village].code] };
  const { status, said: answer } = await sendAct(said);
  if (status !== 200) setText(byId("said"), problemsOf(answer.problems));
}

// `M`: the alarm is seen, or the page's own one of a picture that is too old.
function seeNow() {
  if (live.isOld) return sound.silence();
  const alarm = toSee(live.state?.head.alarms ?? [], live.clock?.now_s ?? 0, town);
  if (alarm && session?.role === "officer") see(alarm);
}

function showDetail() {
  detail.show(seen(), geo, village);
  hands.show({ live, geo, village }, village < 0 || !times.isNow ? null : detail.shown, session);
}

function tick() {
  if (byId("screen").hidden) return;
  showHead(live, seen(), isTable, sound, session);
  const { drilling } = live.state?.head ?? {};
  pages.note("drill", drilling ? w.drills.navOn(drilling) : "");
  const nowS = live.clock?.now_s ?? 0;
  const alarms = live.state?.head.alarms ?? [];
  if (session?.role === "officer") sound.tick(live.isOld ? [] : alarms, nowS, Boolean(live.state?.head.is_flood), live.ageS > NO_DATA_S && live.ageS < Infinity);
  const banner = byId("banner");
  const isOld = live.isOld;
  banner.hidden = !isOld;
  if (!isOld) return;
  const why = live.lost ? w.bannerLost : w.bannerNode;
  const age = Number.isFinite(live.ageS) ? `${w.banner(Math.round(live.ageS))} · ` : "";
  setText(banner, `${age}${why}`);
}

function say(rows) {
  const names = rows.slice(0, 5).map((row) => `${geo.towns[row.town].name} ${w.level[row.level]}`);
  setText(byId("said"), w.rises(names.join("、")));
}

function selectTown(chosen, byHand) {
  if (chosen < 0) return;
  town = chosen;
  village = worstOf(chosen);
  detail.ask(geo.villages[village].code);
  if (byHand) show();
  reveal(town);
}

function selectVillage(chosen, byHand) {
  village = chosen;
  town = geo.villages[chosen].town;
  detail.ask(geo.villages[chosen].code);
  if (byHand) show();
  reveal(town);
}

function worstOf(chosen) {
  let worst = -1;
  geo.villages.forEach((one, at) => {
    if (one.town === chosen && (worst < 0 || seen().state.level[at] > seen().state.level[worst])) worst = at;
  });
  return worst;
}

function onKey(event) {
  if (byId("screen").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && hands.draft) {
    hands.close();
    byId("detail").focus();
    return void event.preventDefault();
  }
  if ((event.target instanceof HTMLInputElement && event.target.type !== "range") || event.target instanceof HTMLSelectElement || byId("keys").open || byId("shift").open || byId("doors").open || byId("ask").open) return;
  if (pages.isOpen) {
    if (event.key === "Escape") location.hash = "#/";
    else if (event.key.toLowerCase() === "m") seeNow();
    else if (event.key === "?") showKeys();
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k" || (["arrowdown", "arrowup"].includes(key) && event.target.id === "rows")) {
    if (geo && live.state) selectTown(step(seen(), town, key === "j" || key === "arrowdown" ? 1 : -1), true);
  } else if (key === "enter" && !(event.target instanceof HTMLButtonElement)) byId("detail").focus();
  else if (key === "escape" && !times.isNow) times.now();
  else if (key === "escape") byId("rows").focus();
  else if (key in KINDS && times.isNow && hands.press(KINDS[key])) ;
  else if (key === "m") seeNow();
  else if (key === "t") toggleTable();
  else if (key === "?") showKeys();
  else return;
  event.preventDefault();
}

function showKeys() {
  const dialog = byId("keys");
  dialog.replaceChildren(el("h2", {}, w.keys), el("dl", {}, ...w.keyHelp.map(([key, text]) => el("div", {}, el("dt", {}, key), el("dd", {}, text)))),
    el("button", { type: "button", onclick: () => dialog.close() }, w.close));
  dialog.showModal();
}

function toggleTable() {
  isTable = !isTable;
  byId("table").hidden = !isTable;
  setClass(byId("middle"), "as-table", isTable);
  show();
}

// A table equal to the map, for those who do not see it.
function showTable() {
  const place = byId("table");
  if (!place.firstElementChild) {
    place.append(el("table", {}, el("thead", {}, el("tr", {}, ...["", "", "", ""].map(() => el("th", { scope: "col" })))), el("tbody")));
  }
  const heads = place.querySelectorAll("th");
  [w.levelHead, w.village, w.town, w.sight].forEach((text, at) => setText(heads[at], text));
  const rows = [];
  seen().state.level.forEach((level, at) => (level || seen().state.sight[at]) && rows.push(at));
  rows.sort((a, b) => seen().state.level[b] - seen().state.level[a] || a - b);
  keyed(place.querySelector("tbody"), rows, (at) => at, (at) => el("tr", { onclick: () => selectVillage(at, true) },
    el("td", {}, el("span", { class: "badge small" }), " ", el("span")), el("td"), el("td"), el("td")), (line, at) => {
    const level = seen().state.level[at];
    const [badge, word] = line.children[0].children;
    badge.className = `badge small level-${level}`;
    setText(badge, w.letter[level] || "·");
    setText(word, w.level[level]);
    setText(line.children[1], geo.villages[at].name);
    setText(line.children[2], `${geo.towns[geo.villages[at].town].name} ${geo.towns[geo.villages[at].town].county}`);
    setText(line.children[3], w.sightWord[seen().state.sight[at]]);
  });
}

function buildZoom() {
  const button = (text, label, press) => el("button", { type: "button", "aria-label": label, title: label, onclick: press }, text);
  byId("zoom").replaceChildren(button("+", w.zoomIn, () => map.zoomBy(1.5)), button("−", w.zoomOut, () => map.zoomBy(1 / 1.5)),
    button("⤢", w.whole, () => map.whole()));
}

function buildLegend() {
  const line = (name, text) => el("div", {}, el("span", { class: `swatch ${name}` }), text);
  byId("legend").replaceChildren(...[4, 3, 2, 1].map((level) => line(`swatch-${level}`, w.level[level])), line("swatch-0", w.level[0]),
    line("swatch-blind", w.blindLegend), line("swatch-silent", w.silentStation), line("swatch-ahead", w.times.aheadLegend), geo?.is_cells ? el("small", {}, w.legendCells) : "");
}

function onSetting() {
  document.title = `${w.title} · warnstream`;
  setText(byId("title"), w.title);
  byId("needs").setAttribute("aria-label", w.needs);
  byId("times").setAttribute("aria-label", w.times.label);
  wordSignIn();
  if (map) {
    map.theme();
    buildZoom();
    buildLegend();
  }
  byId("calm").replaceChildren();
  if (session) pages.build(session);
  pages.show();
  hands.close();
  show();
}

function buildSignIn() {
  byId("sign-in-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = byId("sign-in-problem");
    setText(problem, "");
    byId("sign-in-button").disabled = true;
    try {
      const response = await fetch("/api/v1/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ person: byId("person").value.trim(), password: byId("password").value, code: byId("code").value.trim() }),
      });
      if (response.ok) {
        byId("password").value = byId("code").value = "";
        byId("code-field").hidden = true;
        await begin();
      } else if (response.status === 401) {
        byId("code-field").hidden = false;
        byId("code").focus();
        setText(problem, w.codeWanted);
      } else setText(problem, response.status === 429 ? w.many : w.wrong);
    } catch {
      setText(problem, w.noAnswerIn);
    } finally {
      byId("sign-in-button").disabled = false;
    }
  });
  byId("sign-in-language").addEventListener("click", () => {
    use(settings.language === "en" ? "zh" : "en", settings.theme);
    wordSignIn();
  });
}

function wordSignIn() {
  setText(byId("sign-in-title"), w.title);
  setText(byId("person-label"), w.person);
  setText(byId("password-label"), w.password);
  setText(byId("code-label"), w.code);
  setText(byId("sign-in-button"), w.signIn);
  setText(byId("sign-in-language"), w.other);
}

function signIn(problem) {
  live.stop();
  hands.close();
  session = null;
  town = village = -1;
  byId("screen").hidden = true;
  byId("banner").hidden = true;
  document.body.classList.remove("stale", "drill");
  byId("sign-in").hidden = false;
  wordSignIn();
  setText(byId("sign-in-problem"), problem);
  byId("person").focus();
}

async function signOut() {
  try {
    await fetch("/api/v1/session", { method: "DELETE" });
  } catch {
    return; // the cookie is still good: saying that nobody is signed in would be a lie
  }
  geo = map = null;
  signIn("");
}
