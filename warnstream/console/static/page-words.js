// Words of the pages beside the situation, Chinese and English.

export const PAGES_ZH = {
  names: { situation: "态势", warning: "预警", transfers: "转移", stations: "站点与运行", thresholds: "阈值", review: "复盘", drill: "演练", admin: "管理" },
  pages: "页面", back: "回到态势", openWarning: "预警全过程", asOf: (at) => `以下为 ${at} 所读`, reading: "正在读取…", cannot: "读取失败：", again: "再读一次", more: "只列最近一部分，更早的见审计", none: "没有",
  versions: "各版预警", newestFirst: "新的在前", doorsTold: "住户收到的话", postsTold: "各岗收到的通知", acts: "人工操作", notHigher: "为何不更高",
  version: (n) => `第 ${n} 版`, issued: (at) => `发出 ${at}`, crossed: (at) => `越阈 ${at}`, expires: (at) => `有效至 ${at}`, byHand: "人工", exercise: "演练", cap: "CAP 原文", text: "原文",
  type: { Alert: "首发", Update: "更新", Cancel: "解除" }, lints: "检查提示（英文原文，同命令行）",
  cause: { first: "首发", raised: "升级", lowered: "降级", ended: "解除", renewed: "续发", sight_lost: "失去监测", sight_regained: "恢复监测", cancelled: "人工解除", issued_by_hand: "人工发布", raised_by_hand: "人工升级", lowered_by_hand: "人工降级" },
  action: { watch: "注意", ready: "做好准备", prepare: "老弱先走", leave: "立即转移", stay: "暂勿返回", clear: "解除", correct: "更正误报", return: "可以返回" },
  kind: { release: "放行", hold: "暂缓", reject: "驳回", raise: "升级", lower: "降级", end: "解除", correct: "更正误报", issue: "发布", extend: "延长", silence: "静默", respond: "响应", transfer: "转移令", "transfer-over": "险情解除", "leave-shelter": "可离安置点",
    assess: "安全评估", return: "可以返回", "transfer-close": "转移单结束", assigned: "派人", closed: "求助办结", see: "告警已阅", take_shift: "接班", hand_over: "交班", read: "查阅名单", mark: "登记转移", confirm_move: "确认转移", call_again: "再叫一遍", start: "开始演练", stop: "停止演练", cancel: "取消", affirm: "确认", accept_clock: "确认时钟" },
  sentHead: ["岗", "渠道", "通知", "送出", "应答"], actHead: ["时间", "何人", "何事", "对象", "理由"],
  alone: "一人决定", second: (who) => `第二人 ${who}`, entry: (n) => `日志第 ${n} 号`,
  top: "已是最高级", nothingNear: "没有接近更高一级阈值的指标", needs: (level, threshold, unit) => `${level}须 ${threshold} ${unit}`, ahead: "预计值", falls: (at) => `若无新雨，${at} 降级`, notesEn: "判据原文（英文，同命令行）",
  noVersions: "一周内没有发过预警", noBulletins: "住户没有收到过消息", noCalled: "没有通知过各岗", noActs: "没有人工操作", doorsLine: (reached, answered, of) => `送达 ${reached}/${of} · 回复 ${answered}`,
  firstOf: (n, of) => `前 ${n} 行，共 ${of} 行；导出为全部`, rows: (n) => `${n} 行`, overTime: "各级村数随时间", stacked: "由下而上：红橙黄蓝", tooYoung: "控制台刚启动，还没有画面", asNumbers: "数字", reviewCommand: "一次过程的完整报告：warnstream review（见 docs/after-an-event.md）",
  readOnly: "只读：修改阈值须走配置包（warnstream prepare / approve / reload）",
  print: "打印", export: "导出", csv: "CSV", xlsx: "Excel",
};

export const TIMES_ZH = {
  label: "画面时间，前 6 小时到后 3 小时", now: "实况", back: "回到实况", replay: "回放", expected: "预计", noForecast: "没有降雨预报", since: (at) => `控制台自 ${at} 起有画面`,
  replayNote: (at) => `回放：全屏为 ${at} 的情况，不能操作`, expectedNote: (at) => `预计：到 ${at} 的预计降雨，不是预警，不能操作`, alarms: (n) => `实况有 ${n} 条未阅告警`,
  off: "非实况，不显示", aheadTitle: (n) => `预计降雨 ${n} 村`, aheadMost: "雨量大的在前", mm: (tenths) => `${(tenths / 10).toFixed(tenths < 100 ? 1 : 0)} 毫米`, aheadLegend: "预计雨量 10/25/50 毫米", villageAhead: (mm, at) => `到 ${at} 预计 ${mm}`, villageDry: (at) => `到 ${at} 预计不足 1 毫米，或无预报`,
};

export const TIMES_EN = {
  label: "Time of the screen, six hours back to three ahead", now: "Now", back: "Back to now", replay: "REPLAY", expected: "EXPECTED", noForecast: "no rain is forecast here", since: (at) => `this console has pictures from ${at} on`,
  replayNote: (at) => `REPLAY: everything as it was at ${at}; no hands`, expectedNote: (at) => `EXPECTED: rain until ${at}, no warnings; no hands`, alarms: (n) => `${n} unseen ${n === 1 ? "alarm" : "alarms"} now`,
  off: "not of now", aheadTitle: (n) => `Rain expected in ${n} villages`, aheadMost: "most rain first", mm: (tenths) => `${(tenths / 10).toFixed(tenths < 100 ? 1 : 0)} mm`, aheadLegend: "Rain expected, 10/25/50 mm", villageAhead: (mm, at) => `${mm} expected until ${at}`, villageDry: (at) => `Less than 1 mm expected until ${at}, or no forecast`,
};

const SAID_ZH = { move: "转移", refuse: "拒绝转移", call: "求助" };
const AWAY_ZH = { said_safe: "报安全", safe: "核实安全" };

export const TRANSFERS_ZH = {
  intro: "名单按门牌和点位编码，不含姓名；一人报安全，另一人核实才算", listOf: (name) => `转移单 ${name}`, allLists: "全部转移单", five: "五个百分之百", fiveNote: "全部生效转移单", noneOpen: "没有生效的转移单", closed: "已结束的转移单",
  counter: { posts_on_duty: "责任人到岗", boats_in_port: "船只归港", people_out_of_danger_zones: "危险区人员撤离", people_out_of_houses_and_sites: "危房、工棚等撤离", places_assessed: "返回前安全评估" },
  persons: (n, of) => `${n}/${of} 人`, nothingToCount: "目前无须统计", missing: (n) => `还差 ${n} 个`, isClosed: "已结束", left: (n) => `还有 ${n} 分`, over: (n) => `已超 ${n} 分`, by: (at) => `${at} 前`,
  state: { moving: "转移中", out: "已全部撤出", closed: "已结束" }, advice: { "to the shelter": "到安置点", "go now, there is still time": "现在走还来得及", "nearest safe place, upstairs": "就近上楼避险", "over, not yet back": "险情已过，暂勿返回", "come back": "可以返回", "closed, nobody was told to come back": "已结束，未通知返回" },
  rows: (n) => `名单 ${n} 行`, out: (out, persons, done, rows) => `已撤 ${out} 人（在册 ${persons}）· 已核 ${done} / ${rows} 户（处）`, villageHead: ["村", "已核", "已撤人数", "报数", "状态", "操作"], heads: ["应", "已", "拒"],
  dangerOver: "险情已过", leaveShelter: "可离安置点", assessSafe: "评估安全", assessUnsafe: "评估不安全", isOver: "险情已过", isSafe: "评估安全", isUnsafe: "评估不安全",
  rowHead: ["户/点位", "类别", "人数", "状态", "安置点", "转移责任人", ""], rowKind: { door: "户", village: "整村", hut: "工棚", site: "点位", guests: "旅客", boat: "船", school: "学校", below_pond: "山塘下" },
  rowState: { silent: "未转移", acknowledged: "已知晓", moving: "转移中", said_safe: "报安全，待另一人核实", safe: "已核实安全", refused: "拒绝转移", help: "求助", assigned: "有人前往" },
  doubtForms: [
    [/^(?<place>\S+: )?(?<said>\w+) after (?<before>\w+) by (?<by>.+)$/, (g) => `${g.place ?? ""}${g.by} 报“${SAID_ZH[g.said] ?? g.said}”，此前已“${AWAY_ZH[g.before] ?? g.before}”`],
    [/^(?<place>\S+: )?was (?<before>\w+) by (?<by>.+)$/, (g) => `${g.place ?? ""}此前 ${g.by} 报“${AWAY_ZH[g.before] ?? g.before}”`],
    [/^(?<place>\S+): (?<n>\d+) moved by number, the list has (?<known>\d+) persons$/, (g) => `${g.place}：报已转 ${g.n} 人，名单 ${g.known} 人`],
    [/^(?<place>\S+): (?<n>\d+) to move by number, the list has (?<known>\d+) persons$/, (g) => `${g.place}：报应转 ${g.n} 人，名单 ${g.known} 人`],
    [/^(?<place>\S+): (?<name>\d+) out by name, (?<n>\d+) by number$/, (g) => `${g.place}：名单已撤 ${g.name} 人，报数 ${g.n} 人`],
    [/^(?<place>\S+): by number nobody is left, (?<n>\d+) rows are open by name$/, (g) => `${g.place}：报数已清空，名单还有 ${g.n} 户（处）`],
  ],
  doubts: (n) => `${n} 处存疑`, waitsOther: "您已报，待另一人核实", confirmSecond: "核实安全（第二人）", confirmFirst: "报安全（第一人）", about: (codes) => `对象 ${codes}`,
  byModel: (at) => `按数值预报最迟 ${at} 走完`, aheadTitle: "按数值预报：最迟何时走完", aheadHead: ["村", "最迟走完", "雨量最早达到", "可能性"],
  aheadForms: [
    [/^no forecast of (?<h>\d+) h, deadline cannot be kept$/, (g) => `没有 ${g.h} 小时数值预报，无法给出最迟转移时间`],
    [/^(?<mm>[\d.]+) mm not expected within (?<h>\d+) h$/, (g) => `预报 ${g.h} 小时内不到 ${g.mm} 毫米`],
  ],
  what: "何事", mayReturn: "可以返回", order2: "提交", zones: "危险区（可多选）", noPlace: "请填村或选危险区", placesTitle: "安全评估 / 可以返回", assessTitle: "安全评估", returnNote: "返回须险情已过、评估安全、没有生效预警，并由第二人确认后发出",
  order: "下达转移令", villages: "村", villagesHint: "村名或村码，可多个", zone: "危险区", allZones: "整村", grades: "等级", hour: "几点前走完", look: "先看会通知谁",
};

export const TRANSFERS_EN = {
  intro: "Rows are codes of doors and objects, nobody is named; one person says safe, another one confirms it", listOf: (name) => `Transfer list ${name}`, allLists: "All lists", five: "The five that have to be whole", fiveNote: "over all open lists", noneOpen: "No transfer list is open", closed: "Closed lists",
  counter: { posts_on_duty: "Posts on duty", boats_in_port: "Boats in port", people_out_of_danger_zones: "People out of danger zones", people_out_of_houses_and_sites: "Dangerous houses and sites empty", places_assessed: "Places assessed before return" },
  persons: (n, of) => `${n}/${of} persons`, nothingToCount: "nothing to count now", missing: (n) => `${n} missing`, isClosed: "closed", left: (n) => `${n} min left`, over: (n) => `${n} min overdue`, by: (at) => `by ${at}`,
  state: { out: "all out" }, advice: {}, doubtForms: [],
  rows: (n) => `${n} rows`, out: (out, persons, done, rows) => `${out} persons out (${persons} on the register) · ${done} of ${rows} rows confirmed`, villageHead: ["Village", "Confirmed", "Persons out", "By number", "State", "Acts"], heads: ["expected", "moved", "refused"],
  dangerOver: "Danger is over", leaveShelter: "May leave shelter", assessSafe: "Assessed safe", assessUnsafe: "Assessed unsafe", isOver: "danger over", isSafe: "safe", isUnsafe: "unsafe",
  rowHead: ["Door or object", "Kind", "Persons", "State", "Shelter", "Helper", ""], rowKind: { below_pond: "below a pond" },
  rowState: { silent: "not moved", acknowledged: "heard", said_safe: "said safe, another person confirms", safe: "confirmed safe", refused: "will not go", help: "CALLS FOR HELP", assigned: "somebody goes" },
  doubts: (n) => `${n} ${n === 1 ? "doubt" : "doubts"}`, waitsOther: "you said so; another person confirms", confirmSecond: "Confirm safe (second)", confirmFirst: "Say safe (first)", about: (codes) => `About ${codes}`,
  what: "What", mayReturn: "May return", order2: "Order", zones: "Danger zones (some)", noPlace: "name villages or zones", placesTitle: "Assess a place, or let people return", assessTitle: "Assess a place", returnNote: "A return needs the danger over, the place found safe since, no warning standing, and a second person; then doors hear it",
  byModel: (at) => `away by ${at} as a weather model has it`, aheadTitle: "By a weather model: away at the latest", aheadHead: ["Village", "Away by", "Amount reached at the earliest", "Probability"], aheadForms: [],
  order: "Order a transfer", villages: "Villages", villagesHint: "names or codes", zone: "Danger zone", allZones: "whole village", grades: "Grades", hour: "Away by", look: "Who would be told",
};

export const PAGES_EN = {
  names: { situation: "Situation", warning: "Warning", transfers: "Transfers", stations: "Stations & health", thresholds: "Thresholds", review: "Review", drill: "Drill", admin: "Admin" },
  pages: "Pages", back: "Back to the situation", openWarning: "The whole warning", asOf: (at) => `Below is what was read at ${at}`, reading: "reading…", cannot: "It cannot be read: ", again: "Read again", more: "The newest only; older ones are in the audit", none: "none",
  versions: "Versions of the warning", newestFirst: "newest first", doorsTold: "What doors were told", postsTold: "What posts were told", acts: "Acts of people", notHigher: "Why not higher",
  version: (n) => `Version ${n}`, issued: (at) => `sent ${at}`, crossed: (at) => `crossed ${at}`, expires: (at) => `valid to ${at}`, byHand: "by hand", exercise: "exercise", cap: "CAP as sent", text: "Text as sent",
  type: {}, lints: "What warnstream check says",
  cause: { sight_lost: "sight lost", sight_regained: "sight regained", issued_by_hand: "issued by hand", raised_by_hand: "raised by hand", lowered_by_hand: "lowered by hand" }, action: { stay: "stay away", clear: "all clear", correct: "false alarm" },
  kind: { assigned: "somebody sent", closed: "help over", see: "alarm seen", take_shift: "took the shift", hand_over: "offered the shift", read: "read the doors", "transfer-over": "danger over", start: "drill begun", stop: "drill stopped", call_again: "call again", confirm_move: "move confirmed" },
  sentHead: ["Post", "Channel", "Issued", "Sent", "Answered"], actHead: ["Time", "Who", "What", "About", "Why"],
  alone: "decided alone", second: (who) => `second ${who}`, entry: (n) => `entry ${n}`,
  top: "There is no higher level", nothingNear: "Nothing is near to a higher threshold", needs: (level, threshold, unit) => `${level} at ${threshold} ${unit}`, ahead: "expected", falls: (at) => `falls at ${at} without new rain`, notesEn: "In the words of warnstream explain",
  noVersions: "No warning was issued within a week", noBulletins: "Doors were told nothing", noCalled: "No post was told anything", noActs: "Nobody has acted here", doorsLine: (reached, answered, of) => `reached ${reached}/${of} · answered ${answered}`,
  firstOf: (n, of) => `the first ${n} of ${of}; the export has all`, rows: (n) => `${n} ${n === 1 ? "row" : "rows"}`, overTime: "Villages by level over time", stacked: "from below: red, orange, yellow, blue", tooYoung: "This console has just been started and has no pictures yet", asNumbers: "As numbers", reviewCommand: "The whole report of an event: warnstream review (docs/after-an-event.md)",
  readOnly: "To be read only: thresholds change by a bundle (warnstream prepare, approve, reload)",
  print: "Print", export: "Export", csv: "CSV", xlsx: "Excel",
};
