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

export const PROBLEM_OTHER_ZH = (text) => `节点未受理（原文）：${text}`;

// Forms of what a node says is wrong with an act, and the same in Chinese.
export const PROBLEMS_ZH = [
  [/^author: '(?<who>[^']*)' is (?<role>\w+): that role may not (?<what>[\w-]+)/, (g) => `${g.who} 的角色（${g.role}）无权办理`],
  [/^'(?<who>[^']*)' is (?<role>\w+): that role may not/, (g) => `${g.who} 的角色（${g.role}）无权办理`],
  [/is outside the area|lies outside the area/, () => "不在您负责的范围内"],
  [/^author: expected another person/, () => "须由提请人以外的另一人确认"],
  [/^second: /, () => "须两人确认"],
  [/^reason: /, () => "请写理由（200 字以内）"],
  [/^villages: a warning stands in (?<place>\S+):/, (g) => `${g.place} 仍有生效预警，不能通知返回`],
  [/^villages: transfer (?<list>\S+) is not over in (?<place>\S+) yet/, (g) => `${g.place} 的转移单 ${g.list} 险情尚未解除`],
  [/^zones: (?<place>\S+) was not assessed/, (g) => `${g.place} 险情过后还没有评估`],
  [/^zones: (?<who>\S+) found (?<place>\S+) not safe/, (g) => `${g.who} 评估 ${g.place} 不安全`],
  [/^zones: nobody of (?<place>\S+) is away/, (g) => `${g.place} 没有人转移在外`],
  [/^villages: nobody in (?<place>\S+) was asked to go/, (g) => `${g.place} 没有通知过转移，无须返回`],
  [/^villages: the transfer is over in (?<place>\S+) already/, (g) => `${g.place} 险情已解除过`],
  [/^villages: no transfer list is open for (?<place>\S+)/, (g) => `${g.place} 没有生效的转移单`],
  [/^villages: nobody there is to be moved/, () => "没有需要转移的人（可能已在其他转移单上）"],
  [/^villages: no village '(?<place>[^']*)'/, (g) => `没有这个村：${g.place}`],
  [/^villages: expected/, () => "请填村"],
  [/^villages: something real stands/, () => "那里有真实预警，不能演练"],
  [/^villages: drill (?<drill>\S+) is on/, (g) => `已有演练 ${g.drill} 在进行，请先停止`],
  [/^villages: no doors wait/, () => "没有住户在等放行"],
  [/^villages: nothing there waits for an officer/, () => "没有可再暂缓的，或已暂缓过一次"],
  [/^villages: no post owes/, () => "各岗都已应答，无须再叫"],
  [/^no drill is on/, () => "没有演练在进行"],
  [/^(?:level|villages): .* stands at \w+ or above already/, () => "那里已是这个等级或更高"],
  [/^by: |^onset: /, () => "时间请写成 18:00，最多 12 小时内"],
  [/(?<who>\S+) orders (?<what>\S+) there right now/, (g) => `${g.who} 正在那里办理，请重新阅读`],
  [/^order: no order/, () => "这条提请已不在等待"],
  [/^too many ask|^the node cannot be asked now|^the node does not answer|^the node has hung up/, () => "节点没有回答，请再试"],
];

// Roles of posts as chain.csv of the demo has them; others are shown as they are written.
export const ROLES_ZH = { grid_member: "网格员", village_leader: "村责任人", village: "村", township: "镇", township_duty: "镇值班", county: "县", county_duty: "县值班", county_leader: "县责任人" };

export const ROLES_EN = {};
