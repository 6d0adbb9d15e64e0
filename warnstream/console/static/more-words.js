// Words of drills and of forms on pages, Chinese and English.

export const DRILLS_ZH = {
  intro: "演练与真实预警并行：消息均带【演练】，真实预警一出现，该村演练立即停止", whole: "整个节点都在演练模式，不另设演练", word: "【演练】",
  on: (drills, villages) => `演练进行中：${drills} 场 ${villages} 村 · 真实预警照常发布`, none: "没有演练在进行", unread: (n) => `${n} 场演练的成绩读不出，见日志`,
  over: "已结束的演练", isOver: "已结束", endsIn: (n) => `还有 ${n} 分`, isOn: "进行中", announced: "事先通知各岗", unannounced: "不打招呼", stop: "停止演练", notTold: "还没有通知",
  postsAnswered: "各岗应答", doorsAnswered: "住户回复", villageHead: ["村", "状态", "通知", "住户回复", "各岗"], ended: { stopped: "人工停止", lapsed: "到时结束", real: "出现真实预警" },
  firstAfter: (text) => `最快 ${text}`, helps: (n) => `求助 ${n}`, posts: (n, of) => `${n} / ${of} 已应答`, after: (text) => `${text}后应答`, never: "未应答", again: (n) => `催办 ${n} 次`,
  check: { repeated: "抽查码已复述", "not repeated": "抽查码未复述" }, year: "近一年演练", ofYear: (n, of) => `${n} / ${of} 村`, without: (n) => `${n} 个乡镇还有村没演练`,
  town: "乡镇", orVillages: "或村", villagesHint: "村名或村码，可多个", lasts: "持续", minutes: (n) => `${n} 分`, tellPosts: "事先通知各岗（不勾选即不打招呼）", noPlace: "请选乡镇或填村", look: "先看会通知谁", start: "开始", begin: "开始一场演练",
  stopNote: (n) => `${n} 村的住户和各岗会收到“演练到此结束”；真实预警不受影响`, navOn: (n) => `演练中 ${n} 村`,
};

export const DRILLS_EN = {
  intro: "A drill runs beside the real operation: every message says [EXERCISE], and whatever is real ends it in its village at once", whole: "The whole node is in an exercise: it needs no drill beside it", word: "EXERCISE",
  on: (drills, villages) => `${drills} ${drills === 1 ? "drill is" : "drills are"} on in ${villages} ${villages === 1 ? "village" : "villages"} · real warnings go on`, none: "No drill is on", unread: (n) => `Scores of ${n} drills cannot be read, see the log`,
  over: "Drills that are over", isOver: "over", endsIn: (n) => `${n} min left`, isOn: "on", announced: "posts were told first", unannounced: "unannounced", stop: "Stop the drill", notTold: "not told yet",
  postsAnswered: "Posts that answered", doorsAnswered: "Doors that answered", villageHead: ["Village", "State", "Told", "Doors answered", "Posts"], ended: { stopped: "stopped", lapsed: "ended in time", real: "ended: real warning" },
  firstAfter: (text) => `first after ${text}`, helps: (n) => `${n} ${n === 1 ? "call" : "calls"} for help`, posts: (n, of) => `${n} of ${of} answered`, after: (text) => `after ${text}`, never: "never", again: (n) => `rung again ${n} ×`,
  check: { repeated: "repeated the code", "not repeated": "did not repeat the code" }, year: "Drills within a year", ofYear: (n, of) => `${n} of ${of} villages`, without: (n) => `${n} ${n === 1 ? "township has" : "townships have"} villages without one`,
  town: "Township", orVillages: "or villages", villagesHint: "names or codes", lasts: "Lasts", minutes: (n) => `${n} min`, tellPosts: "Tell the posts first (else it is unannounced)", noPlace: "choose a township, or name villages", look: "Who would be told", start: "Start", begin: "Start a drill",
  stopNote: (n) => `Doors and posts of ${n} ${n === 1 ? "village" : "villages"} hear that the exercise is over; real warnings are not touched`, navOn: (n) => `drill in ${n}`,
};

export const FORM_ZH = { ambiguous: (name, codes) => `有 ${codes.length} 个村叫“${name}”，请填村码：${codes.join("、")}`, noReason: "请写理由" };

export const FORM_EN = { ambiguous: (name, codes) => `${codes.length} villages are called ${name}; give the code: ${codes.join(", ")}`, noReason: "say why" };
