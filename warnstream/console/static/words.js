// Every word of the page, Chinese and English.

import { DRILLS_EN, DRILLS_ZH, FORM_EN, FORM_ZH, PROBLEM_OTHER_ZH, PROBLEMS_ZH, ROLES_EN, ROLES_ZH } from "./more-words.js";
import { PAGES_EN, PAGES_ZH, TIMES_EN, TIMES_ZH, TRANSFERS_EN, TRANSFERS_ZH } from "./page-words.js";

// Who calls for help where nobody does: no post of a village answers, and a person is to go there.
const SILENT = "@silent";

const ZH = {
  page: PAGES_ZH, times: TIMES_ZH, transfers: TRANSFERS_ZH, drills: DRILLS_ZH, form: FORM_ZH,
  title: "预警值班", signIn: "登录", person: "账号", password: "密码", signOut: "退出", other: "English",
  light: "亮色", dark: "暗色", table: "表", map: "图", keys: "快捷键",
  modeIs: (mode) => `模式 ${mode}`, live: "实况", drill: "演练", stale: "过时", needs: "谁在等人",
  notReady: "节点未就绪", dataAge: (s) => `数据 ${s} 秒前`, ago: (s) => `${s} 秒前`, stations: (n, of) => `站点 ${n}/${of}`,
  judged: (text) => `${text}前研判`,
  level: ["无预警", "蓝色", "黄色", "橙色", "红色"], letter: ["", "蓝", "黄", "橙", "红"],
  help: "求助", helpNone: "无人求助", helpNote: (n, since) => `户待人前往 · 最早 ${since}`,
  helpTaken: (n) => `${n} 户已有人前往`,
  release: "待放行", releaseNone: "没有待放行", releaseNote: (at) => `村 · 最早 ${at} 自动发出`,
  releaseOpen: "村 · 须人工放行",
  dryDue: (n, at) => `${n} 村待应答 · 最早 ${at} 到时`,
  dry: "应答不齐", dryNone: "各岗均已应答或未到时", dryNote: "村责任人未应答或应答不齐",
  silent: "红色村未回复", silentNone: "没有红色村", silentNote: (of) => `户，共 ${of} 户在红色村`,
  silentAll: (of) => `红色村 ${of} 户均已回复`,
  unseen: "看不见", unseenNote: (silent, doubted) => `${silent} 站无声 · ${doubted} 站存疑`,
  blindVillages: (n) => `盲村 ${n}`, channels: (names) => `渠道不通：${names}`,
  inForce: (towns, villages) => `生效 ${towns} 镇 ${villages} 村`, urgent: "危急在前",
  count: (level, n) => `${level} ${n}`,
  minutes: (n) => `${n} 分`, overdue: "已超时", toRelease: "待放行", toAnswer: "须应答",
  chipHelp: (n) => `求助 ${n}`, chipRelease: (n) => `待放行 ${n}`, chipDry: (n) => `应答不齐 ${n}`,
  answered: (n, of) => `${n}/${of}`, answeredLabel: (n, of) => `${of} 户中 ${n} 户已回复`,
  calm: "平静：没有生效预警", watched: { data: "数据", stations: "站点报到", villages: "看得见的村",
    channels: "发送通道", step: "最近一次研判", shift: "值班" },
  channelsGood: "正常", near: "最接近阈值的村", nearNone: "没有村接近阈值",
  doors: ["应通知", "已送达", "已回复", "转移/已安全"], doorsTotal: (n) => `${n} 户`,
  chain: "责任链", chainNone: "没有责任人", words: "最近一次发出的话", sentAt: (at) => `发出 ${at}`,
  wordsNone: "住户还没有收到过消息", since: (at) => `自 ${at}`, until: (at) => `有效至 ${at}`,
  state: { waiting: "未到级", asked: "待应答", overdue: "超时未应答", answered: "已应答" },
  role: ROLES_ZH,
  dueAt: (at) => `${at} 前`, villageDry: "责任链无人应答", villageLacks: "责任链应答不齐，已无人可催", blind: "本村站点无数据：按远站研判，不会降级",
  partly: "本村部分站点无数据", expected: "预计", notConfirmed: "待核实", before: "升级时测得",
  floor: (at) => `人工升级，至 ${at}`, ceiling: (level, at) => `人工压低，系统判定${level}，至 ${at}`,
  waits: (what, at) => `${what}待放行，${at} 自动发出`, waitsOpen: (what) => `${what}待人工放行`,
  failed: (n) => `${n} 户无法送达`, helpOpen: (n) => `${n} 户求助未结`, others: "本镇其他生效村",
  asking: "正在询问节点…", noAnswer: "节点没有回答，稍后自动再问", gone: "没有生效预警", noneStands: "本村没有生效预警",
  banner: (s) => `画面已 ${s} 秒没有更新：所示为旧数据`, bannerNode: "节点没有送来数据", bannerLost: "与控制台的连接中断，正在重连",
  signedOut: "登录已失效，请重新登录", wrong: "账号、密码或验证码不符", code: "验证码", codeWanted: "请输入验证器上的 6 位码，或纸上的备用码", many: "尝试次数过多，请稍后再试", noAnswerIn: "控制台没有回答",
  legendCells: "村界为就近划分，非行政边界", blindLegend: "盲村", silentStation: "无声站", village: "村", town: "镇", levelHead: "等级", sight: "监测",
  sightWord: ["正常", "部分", "无"], rises: (names) => `新增：${names}`, zoomIn: "放大", zoomOut: "缩小", whole: "全图",
  keyHelp: [["J / K", "下一镇 / 上一镇"], ["Enter", "看所选镇最危急的村"], ["R", "放行"], ["E / C", "解除 / 更正误报"], ["A", "派人"], ["M", "告警已阅，静音"], ["T", "表 / 图"], ["Esc", "回到队列"], ["?", "本表"]],
  close: "关闭",
  doorList: "住户名单", doorsOf: (name) => `${name} 住户`, onRecord: "含个人信息：每次查阅均记录在案", doorsShown: (n, of) => `${n} / ${of} 户`, moreDoors: "更多",
  doorHeads: ["户", "回复", "送达", "时间", "渠道"],
  said: { silent: "未回复", acknowledged: "收到", moving: "转移中", said_safe: "自报安全", safe: "已确认安全", refused: "拒绝转移", help: "求助", assigned: "有人前往" },
  reached: { none: "未通知", queued: "待发", sent: "已发", delivered: "已送达", failed: "失败，将再发", unreachable: "无法送达", expired: "已过期", spared: "无须通知" },
  see: "已阅", ofNode: "本节点", flood: (n) => `告警过多：${n} 条未阅，以队列为准，每分钟响一次`, andAlarms: (n) => `另有 ${n} 条未阅`,
  trouble: { help: "求助无人前往", release: "待放行将到时", dry: "红色村应答不齐", rise: "新升橙红", channel: "渠道不通", node: "节点未就绪" },
  sound: { on: "响声 开", off: "响声 关", suspended: "响声受阻" }, shift: "值班", takeShift: "接班", youOnDuty: "您在值班", dutyOf: (name) => `值班 ${name}`,
  nobodyOnDuty: "无人值班", onDuty: (name, area, at) => `${name}（${area === "*" ? "全域" : area}）自 ${at} 值班`, offeredTo: (who) => `欲交班给 ${who}`,
  heard: "正在播放测试声，听到了吗？", takeHeard: "听到了，我来值班", heardYes: "听到了", soundAgain: "再响一次", takeSilent: "没听到，也接班",
  handOver: "交班", handNote: "交待事项", offer: "请接班",
  hand: { release: "放行", raise: "升级…", lower: "降级…", end: "解除", correct: "更正误报", issue: "发布…", extend: "延长",
    return: "可以返回", transfer: "转移令", assign: "派人", close: "求助办结", "call-again": "再叫一遍", hold: "暂缓 10 分", reject: "驳回" },
  handKey: { release: "R", end: "E", correct: "C", assign: "A" },
  asLive: (word) => `以实况${word.replace("…", "")}`, asDrill: (word) => `以演练${word.replace("…", "")}`, propose: (word) => `提请第二人${word}`, agree: "同意并发出",
  agreeTo: (word, n) => `第二人确认：${word.replace("…", "")} · ${n} 村`, proposedBy: (who, why) => `${who} 提请：${why}`,
  toAgree: "待您确认", ownProposal: "您已提请，待第二人", lapses: (at) => `${at} 失效`, nVillages: (n) => `${n} 村`,
  alone: "情况紧急，由我一人决定（永久记录在案）", reason: "理由", hazard: "灾种", scope: "范围", thisVillage: "本村", wholeTown: (name, n) => `${name}全部 ${n} 村`,
  readAgain: "重新阅读", leave: "返回", sending: "正在发出…", changedMeanwhile: "情况有变，请重新阅读。", handLost: "没有收到答复，可以再按一次，不会重复",
  waitsSecond: "已提请，等第二人确认；10 分钟内无人确认则失效", taken: (n) => `已受理，日志第 ${n} 号`, call: "求助", whoGoes: "谁去", whoSays: "谁确认已办结（非前往者）",
  callOf: (caller, at, who) => `${caller === SILENT ? "各岗无人应答，须派人上门" : caller || "住户"} ${at}${who ? ` · ${who}` : ""}`, goes: (who) => `${who} 前往`, nobodyGoes: "尚无人前往",
  reaches: (villages, doors, posts) => `${villages} 村 · ${doors} 户 · ${posts} 岗`, doorsHearNothing: "住户不会收到新消息", laterBy: (s) => `${s}后`,
  andMore: (n) => `另有 ${n} 村，措辞相同`,
  reasons: { release: ["已核阅，放行"], end: ["险情已解除", "现场确认安全"], correct: ["雨量站误报", "现场核实为误报"], lower: ["现场水位回落", "测站读数存疑"],
    raise: ["现场报告险情加重"], issue: ["现场报告险情"], close: ["人员已安全"], hold: ["读数存疑，正在核实"], "call-again": ["应答不齐，再叫一遍"] },
};

const EN = {
  page: PAGES_EN, times: TIMES_EN, transfers: TRANSFERS_EN, drills: DRILLS_EN, form: FORM_EN,
  title: "Warning duty", signIn: "Sign in", person: "Person", password: "Password", signOut: "Sign out", other: "中文",
  light: "Light", dark: "Dark", table: "Table", map: "Map", keys: "Keys",
  modeIs: (mode) => `Mode ${mode}`, live: "LIVE", drill: "DRILL", stale: "STALE", needs: "Who waits for somebody",
  notReady: "node not ready", dataAge: (s) => `data ${s} s old`, ago: (s) => `${s} s ago`, stations: (n, of) => `${n}/${of} stations`,
  judged: (text) => `judged ${text} ago`,
  level: ["No warning", "Blue", "Yellow", "Orange", "Red"], letter: ["", "B", "Y", "O", "R"],
  help: "call for help", helpNone: "nobody calls", helpNote: (n, since) => `${n === 1 ? "door waits" : "doors wait"} · since ${since}`,
  helpTaken: (n) => `somebody goes to ${n}`,
  release: "wait for release", releaseNone: "nothing waits", releaseNote: (at) => `villages · first goes out at ${at}`,
  releaseOpen: "villages · by hand only",
  dryDue: (n, at) => `${n} called, answer due ${at}`,
  dry: "answers missing", dryNone: "all posts answered or not due", dryNote: "villages",
  silent: "red doors silent", silentNone: "no red village", silentNote: (of) => `of ${of} doors in red villages`,
  silentAll: (of) => `all ${of} doors have answered`,
  unseen: "unseen", unseenNote: (silent, doubted) => `${silent} gauges silent · ${doubted} doubted`,
  blindVillages: (n) => `${n} blind villages`, channels: (names) => `channel down: ${names}`,
  inForce: (towns, villages) => `${towns} towns · ${villages} villages`, urgent: "urgent first",
  count: (level, n) => `${level} ${n}`,
  minutes: (n) => `${n} min`, overdue: "overdue", toRelease: "to release", toAnswer: "answer due",
  chipHelp: (n) => `help ${n}`, chipRelease: (n) => `release ${n}`, chipDry: (n) => `no answer ${n}`,
  answered: (n, of) => `${n}/${of}`, answeredLabel: (n, of) => `${n} of ${of} doors have answered`,
  calm: "Calm: no warning stands", watched: { data: "Data", stations: "Stations reporting", villages: "Villages seen",
    channels: "Channels", step: "Last judged", shift: "On duty" },
  channelsGood: "working", near: "Villages nearest to a threshold", nearNone: "No village is near to a threshold",
  doors: ["addressed", "reached", "answered", "moving/safe"], doorsTotal: (n) => `${n} doors`,
  chain: "Chain of duty posts", chainNone: "Nobody is responsible", words: "Last words sent", sentAt: (at) => `sent ${at}`,
  wordsNone: "The doors were told nothing yet", since: (at) => `since ${at}`, until: (at) => `valid to ${at}`,
  state: { waiting: "not asked", asked: "asked", overdue: "overdue", answered: "answered" },
  role: ROLES_EN,
  dueAt: (at) => `by ${at}`, villageDry: "nobody of the chain answers", villageLacks: "answers of the chain are missing, nobody is left to ask", blind: "No gauge of its own reports: judged by farther ones, never lowered",
  partly: "Some of its gauges are silent", expected: "expected", notConfirmed: "not confirmed", before: "as measured when it was raised",
  floor: (at) => `raised by hand until ${at}`, ceiling: (level, at) => `held down by hand, found ${level}, until ${at}`,
  waits: (what, at) => `${what} waits for release, goes out at ${at}`, waitsOpen: (what) => `${what} waits for release by hand`,
  failed: (n) => `${n} doors cannot be reached`, helpOpen: (n) => `calls for help open: ${n}`, others: "Other villages of the town",
  asking: "asking the node…", noAnswer: "the node has not answered; it is asked again", gone: "No warning stands", noneStands: "No warning stands here",
  banner: (s) => `Nothing new for ${s} s: what you see is old`, bannerNode: "the node sends nothing", bannerLost: "connection to the console lost, trying again",
  signedOut: "Your session is over, please sign in again", wrong: "Person, password or code do not fit", code: "Code", codeWanted: "Type the code of your authenticator, or one from the paper", many: "Too many attempts, try again later", noAnswerIn: "The console does not answer",
  legendCells: "Cells show what lies nearest, not bounds", blindLegend: "Blind", silentStation: "Silent gauge", village: "Village", town: "Town", levelHead: "Level", sight: "Gauges",
  sightWord: ["seen", "partly", "blind"], rises: (names) => `New: ${names}`, zoomIn: "Zoom in", zoomOut: "Zoom out", whole: "Whole map",
  keyHelp: [["J / K", "next / previous town"], ["Enter", "the worst village of that town"], ["R", "release"], ["E / C", "end / correct an error"], ["A", "send somebody to help"], ["M", "alarm seen: silent until worse"], ["T", "table / map"], ["Esc", "back to the queue"], ["?", "this list"]],
  close: "Close",
  doorList: "List of doors", doorsOf: (name) => `Doors of ${name}`, onRecord: "Personal: each reading is put on record", doorsShown: (n, of) => `${n} of ${of} doors`, moreDoors: "More",
  doorHeads: ["Door", "Said", "Reached", "When", "Channel"],
  said: { silent: "nothing yet", acknowledged: "heard", moving: "moving", said_safe: "says safe", safe: "confirmed safe", refused: "will not go", help: "CALLS FOR HELP", assigned: "somebody goes" },
  reached: { none: "not told", queued: "waits", sent: "sent", delivered: "delivered", failed: "failed, again", unreachable: "unreachable", expired: "too late", spared: "not needed" },
  see: "Seen", ofNode: "This node", flood: (n) => `Too many alarms: ${n} unseen. The queue is the list; one sound a minute`, andAlarms: (n) => `and ${n} more unseen`,
  trouble: { help: "help, nobody goes", release: "release is due", dry: "red, answers missing", rise: "newly orange or red", channel: "channel down", node: "node not ready" },
  sound: { on: "Sound on", off: "Sound off", suspended: "Sound blocked" }, shift: "Shift", takeShift: "Take shift", youOnDuty: "You: on duty", dutyOf: (name) => `Duty: ${name}`,
  nobodyOnDuty: "nobody is on duty", onDuty: (name, area, at) => `${name} (${area === "*" ? "everywhere" : area}) on duty since ${at}`, offeredTo: (who) => `wants to hand over to ${who}`,
  heard: "A test sound is playing. Do you hear it?", takeHeard: "Heard: I take the shift", heardYes: "Heard", soundAgain: "Play it again", takeSilent: "Not heard, take it all the same",
  handOver: "Hand over", handNote: "What to know", offer: "Offer the shift",
  hand: { release: "Release", raise: "Raise…", lower: "Lower…", end: "End", correct: "Correct an error", issue: "Issue…", extend: "Extend",
    return: "May return", transfer: "Transfer", assign: "Send somebody", close: "Help is over", "call-again": "Call again", hold: "Hold 10 min", reject: "Refuse" },
  handKey: { release: "R", end: "E", correct: "C", assign: "A" },
  asLive: (word) => `${word.replace("…", "")} as LIVE`, asDrill: (word) => `${word.replace("…", "")} as DRILL`, propose: (word) => `Ask a second person: ${word.toLowerCase()}`, agree: "Agree and send",
  agreeTo: (word, n) => `Second person: ${word.replace("…", "").toLowerCase()} · ${n} ${n === 1 ? "village" : "villages"}`, proposedBy: (who, why) => `asked by ${who}: ${why}`,
  toAgree: "Waits for you", ownProposal: "You asked; waits for another person", lapses: (at) => `lapses ${at}`, nVillages: (n) => `${n} ${n === 1 ? "village" : "villages"}`,
  alone: "Urgent: I decide alone (kept on record for ever)", reason: "Reason", hazard: "Hazard", scope: "Where", thisVillage: "this village", wholeTown: (name, n) => `all ${n} villages of ${name}`,
  readAgain: "Read again", leave: "Back", sending: "Sending…", changedMeanwhile: "Something has changed: read again.", handLost: "No answer came; press again, it is done once only",
  waitsSecond: "Asked. It waits for a second person, and lapses in 10 minutes without one", taken: (n) => `Taken, entry ${n} of the journal`, call: "Call", whoGoes: "Who goes", whoSays: "Who says it is over (not who went)",
  callOf: (caller, at, who) => `${caller === SILENT ? "no post answers: send somebody" : caller || "a door"} ${at}${who ? ` · ${who}` : ""}`, goes: (who) => `${who} goes`, nobodyGoes: "nobody goes yet",
  reaches: (villages, doors, posts) => `${villages} ${villages === 1 ? "village" : "villages"} · ${doors} doors · ${posts} posts`, doorsHearNothing: "Doors hear nothing new", laterBy: (s) => `after ${s}`,
  andMore: (n) => `and ${n} more villages, in the same words`,
  reasons: { release: ["read and released"], end: ["danger is over", "confirmed safe on site"], correct: ["gauge was wrong", "an error, checked on site"], lower: ["water is falling on site", "reading is doubtful"],
    raise: ["worse on site than measured"], issue: ["danger reported on site"], close: ["people are safe"], hold: ["reading is doubtful, being checked"], "call-again": ["nobody has answered"] },
};

export const settings = { language: "zh", theme: "light" };
export let w = ZH;

export function loadSettings() {
  const query = new URLSearchParams(location.search);
  const read = (key) => query.get(key) ?? localStorage.getItem(key);
  use(read("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"), read("theme") ?? "light");
}

export function use(language, theme) {
  settings.language = language === "en" ? "en" : "zh";
  settings.theme = theme === "dark" ? "dark" : "light";
  w = settings.language === "en" ? EN : ZH;
  localStorage.setItem("language", settings.language);
  localStorage.setItem("theme", settings.theme);
  document.documentElement.lang = settings.language === "en" ? "en" : "zh-CN";
  document.documentElement.dataset.theme = settings.theme;
}

// What the node says is wrong, in the reader's language as far as its forms are known; the rest as it is, and said to be so.
export function problemsOf(problems, status = "") {
  const found = problems ?? [String(status)];
  if (settings.language === "en") return found.join(" ");
  return found.map((text) => {
    for (const [form, said] of PROBLEMS_ZH) {
      const match = form.exec(text);
      if (match) return said(match.groups ?? {});
    }
    return /[\u4e00-\u9fff]/.test(text) ? text : PROBLEM_OTHER_ZH(text);
  }).join("；");
}

export const pick = (zh, en) => (settings.language === "en" ? en : zh);

const two = (n) => String(n).padStart(2, "0");

// Hours and minutes of the node's local clock, whatever clock and zone this machine has.
export function clock(atS, offsetS, withSeconds = false) {
  if (!atS) return "–";
  const day = new Date((atS + offsetS) * 1000);
  const text = `${two(day.getUTCHours())}:${two(day.getUTCMinutes())}`;
  return withSeconds ? `${text}:${two(day.getUTCSeconds())}` : text;
}

// The same, with the day where it is not that of `nowS`.
export function moment(atS, offsetS, nowS, withSeconds = false) {
  if (!atS) return "–";
  const day = (s) => Math.floor((s + offsetS) / 86_400);
  if (!nowS || day(atS) === day(nowS)) return clock(atS, offsetS, withSeconds);
  const date = new Date((atS + offsetS) * 1000);
  return `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clock(atS, offsetS, withSeconds)}`;
}

export function span(s) {
  if (s < 90) return pick(`${Math.round(s)} 秒`, `${Math.round(s)} s`);
  return pick(`${Math.round(s / 60)} 分`, `${Math.round(s / 60)} min`);
}
