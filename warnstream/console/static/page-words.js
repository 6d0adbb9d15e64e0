// Words of the pages beside the situation, Chinese and English.

export const PAGES_ZH = {
  names: { situation: "态势", warning: "预警", transfers: "转移", stations: "站点与运行", thresholds: "阈值", review: "复盘", drill: "演练", admin: "管理" },
  pages: "页面", back: "回到态势", openWarning: "预警全过程", reading: "正在读取…", cannot: "读取失败：", again: "再读一次", more: "只列最近一部分，更早的见审计", none: "没有",
  versions: "各版预警", newestFirst: "新的在前", doorsTold: "住户收到的话", postsTold: "各岗收到的通知", acts: "人工操作", notHigher: "为何不更高", whyNow: "为何是这一级",
  version: (n) => `第 ${n} 版`, issued: (at) => `发出 ${at}`, crossed: (at) => `越阈 ${at}`, expires: (at) => `有效至 ${at}`, byHand: "人工", exercise: "演练", cap: "CAP 原文", text: "原文",
  cause: { first: "首发", raised: "升级", lowered: "降级", ended: "解除", renewed: "续发", sight_lost: "失去监测", sight_regained: "恢复监测", cancelled: "人工解除", issued_by_hand: "人工发布", raised_by_hand: "人工升级", lowered_by_hand: "人工降级" },
  action: { watch: "注意", ready: "做好准备", prepare: "老弱先走", leave: "立即转移", stay: "暂勿返回", clear: "解除", correct: "更正误报", return: "可以返回" },
  kind: { release: "放行", hold: "暂缓", reject: "驳回", raise: "升级", lower: "降级", end: "解除", correct: "更正误报", issue: "发布", extend: "延长", silence: "静默", respond: "响应", transfer: "转移令", "transfer-over": "险情解除", "leave-shelter": "可离安置点",
    assess: "安全评估", return: "可以返回", "transfer-close": "转移单结束", assigned: "派人", closed: "求助办结", see: "告警已阅", take_shift: "接班", hand_over: "交班", read: "查阅名单", mark: "登记转移", confirm_move: "确认转移", call_again: "再叫一遍", start: "开始演练", stop: "停止演练", cancel: "取消", affirm: "确认", accept_clock: "确认时钟" },
  sentHead: ["岗", "渠道", "通知", "送出", "应答"], actHead: ["时间", "何人", "何事", "对象", "理由"],
  alone: "一人决定", second: (who) => `第二人 ${who}`, entry: (n) => `日志第 ${n} 号`,
  top: "已是最高级", nothingNear: "没有接近更高一级阈值的指标", needs: (level, threshold, unit) => `${level}须 ${threshold} ${unit}`, ahead: "预计值", falls: (at) => `若无新雨，${at} 降级`, notesEn: "判据原文（英文，同命令行）",
  noVersions: "一周内没有发过预警", noBulletins: "住户没有收到过消息", noCalled: "没有通知过各岗", noActs: "没有人工操作", doorsLine: (reached, answered, of) => `送达 ${reached}/${of} · 回复 ${answered}`,
  print: "打印", export: "导出", csv: "CSV", xlsx: "Excel", geojson: "风险图 GeoJSON",
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

export const PAGES_EN = {
  names: { situation: "Situation", warning: "Warning", transfers: "Transfers", stations: "Stations & health", thresholds: "Thresholds", review: "Review", drill: "Drill", admin: "Admin" },
  pages: "Pages", back: "Back to the situation", openWarning: "The whole warning", reading: "reading…", cannot: "It cannot be read: ", again: "Read again", more: "The newest only; older ones are in the audit", none: "none",
  versions: "Versions of the warning", newestFirst: "newest first", doorsTold: "What doors were told", postsTold: "What posts were told", acts: "Acts of people", notHigher: "Why not higher", whyNow: "Why this level",
  version: (n) => `Version ${n}`, issued: (at) => `sent ${at}`, crossed: (at) => `crossed ${at}`, expires: (at) => `valid to ${at}`, byHand: "by hand", exercise: "exercise", cap: "CAP as sent", text: "Text as sent",
  cause: { sight_lost: "sight lost", sight_regained: "sight regained", issued_by_hand: "issued by hand", raised_by_hand: "raised by hand", lowered_by_hand: "lowered by hand" }, action: { stay: "stay away", clear: "all clear", correct: "false alarm" },
  kind: { assigned: "somebody sent", closed: "help over", see: "alarm seen", take_shift: "took the shift", hand_over: "offered the shift", read: "read the doors", "transfer-over": "danger over", start: "drill begun", stop: "drill stopped", call_again: "call again", confirm_move: "move confirmed" },
  sentHead: ["Post", "Channel", "Issued", "Sent", "Answered"], actHead: ["Time", "Who", "What", "About", "Why"],
  alone: "decided alone", second: (who) => `second ${who}`, entry: (n) => `entry ${n}`,
  top: "There is no higher level", nothingNear: "Nothing is near to a higher threshold", needs: (level, threshold, unit) => `${level} at ${threshold} ${unit}`, ahead: "expected", falls: (at) => `falls at ${at} without new rain`, notesEn: "In the words of warnstream explain",
  noVersions: "No warning was issued within a week", noBulletins: "Doors were told nothing", noCalled: "No post was told anything", noActs: "Nobody has acted here", doorsLine: (reached, answered, of) => `reached ${reached}/${of} · answered ${answered}`,
  print: "Print", export: "Export", csv: "CSV", xlsx: "Excel", geojson: "Risk map as GeoJSON",
};
