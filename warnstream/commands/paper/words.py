"""The words of printed pages in both languages."""

from dataclasses import dataclass

from warnstream.model.bulletins import Action


@dataclass(frozen=True, slots=True)
class Words:
    """One language; `levels` are the numbers 1 to 4 of the voice code."""

    card: str
    fetch: str
    code: str
    calls_title: str
    number: str
    cup: str
    cup_note: str
    no_cup: str
    staff: str
    hazard: str
    within: str
    station: str
    ready: str
    leave: str
    by_order: str
    signals: str
    shelter: str
    phone: str
    orders: str
    calls: str
    calls_columns: tuple[str, str, str, str]
    all_calls_columns: tuple[str, str, str, str, str]
    fetch_columns: tuple[str, ...]
    fetch_note: str
    no_doors: str
    code_form: str
    code_parts: tuple[tuple[str, str], ...]
    code_example: str
    level_numbers: str
    levels: tuple[str, str, str, str]
    log: str
    log_columns: tuple[str, ...]
    log_note: str
    printed: str
    version: str
    last_drill: str
    never: str
    prepare: str
    go: str

    def of_action(self, action: Action) -> str:
        """What an order is called."""
        return self.go if action is Action.LEAVE else self.prepare


ZH = Words(
    card="防汛明白卡",
    fetch="转移清单",
    code="通话代码卡",
    calls_title="责任人通讯录",
    number="村号",
    cup="自己看雨量（量雨杯）",
    cup_note="杯里的雨到了数就做，不等通知。数值为本村最敏感处，向下取整。一杯装满先记下再倒掉，接着量。",
    no_cup="本村没有雨量指标，听通知。",
    staff="自己看水位（水尺）",
    hazard="灾种",
    within="多久内",
    station="水尺",
    ready="准备转移",
    leave="立即转移",
    by_order="听通知",
    signals="没电没网时听信号",
    shelter="到这里集合",
    phone="求助电话",
    orders="怎么做",
    calls="给谁打电话",
    calls_columns=("级", "职责", "岗位", "电话"),
    all_calls_columns=("级", "区域", "职责", "岗位", "电话"),
    fetch_columns=("户", "电话", "人数", "谁去叫", "已走", "拒绝", "要帮"),
    fetch_note="共{}户。先叫老人、孩子、病人和独居的；人比东西要紧；叫的人和带队的最后走。",
    no_doors="登记表里没有住户。",
    code_form="级别 – 应转 – 已转 – 拒转 – 求助",
    code_parts=(
        ("第1组", "村号，见右上角"),
        ("第2组", "级别，1到4"),
        ("第3组", "应转多少人"),
        ("第4组", "已转多少人"),
        ("第5组", "拒绝走的多少人"),
        ("第6组", "要救助的多少人；没有报0"),
    ),
    code_example="例：“{number}，4，31，20，2，0”：本村红色，应转31人，已转20人，2人不肯走，无人求助。每组报两遍，对方复述。",
    level_numbers="级别数字",
    levels=("蓝色：上岗", "黄色：老弱先走", "橙色：危险区准备或转移", "红色：全部立即走"),
    log="断网时记下来（补报时说真实时间）",
    log_columns=("时间", "看到、做了什么", "应", "已", "拒", "谁"),
    log_note="网络恢复后向乡镇补报，说清真实时间。",
    printed="印于",
    version="配置",
    last_drill="上次演练 ",
    never="无记录",
    prepare="准备转移",
    go="立即转移",
)

EN = Words(
    card="Flood card",
    fetch="Fetch list",
    code="Voice code card",
    calls_title="Call list of duty posts",
    number="village number",
    cup="Measure the rain yourself (measuring cup)",
    cup_note="Act when the cup reaches the value; do not wait for a call. Values are those of the most "
    "sensitive place, rounded down. Note a full cup before you empty it, and go on.",
    no_cup="This village has no rain values: wait for the call.",
    staff="Read the water yourself (staff)",
    hazard="Hazard",
    within="Within",
    station="Staff",
    ready="Be ready",
    leave="Leave now",
    by_order="by order",
    signals="Signals without power or network",
    shelter="Meet here",
    phone="Call for help",
    orders="What to do",
    calls="Whom to call",
    calls_columns=("Rank", "Duty", "Post", "Phone"),
    all_calls_columns=("Rank", "Area", "Duty", "Post", "Phone"),
    fetch_columns=("Door", "Phone", "People", "Who goes", "Gone", "Refuses", "Needs help"),
    fetch_note="{} doors. The old, children, the sick and who lives alone first; people before goods; who "
    "calls and who leads go last.",
    no_doors="The register has no doors here.",
    code_form="level – to move – moved – refused – need help",
    code_parts=(
        ("Group 1", "village number, at the top right"),
        ("Group 2", "level, 1 to 4"),
        ("Group 3", "people who are to go"),
        ("Group 4", "people who have gone"),
        ("Group 5", "people who refuse"),
        ("Group 6", "people who need help; 0 if none"),
    ),
    code_example="Example: “{number}, 4, 31, 20, 2, 0”: red here, 31 to go, 20 gone, 2 refuse, nobody needs "
    "help. Say each group twice; the other side repeats it.",
    level_numbers="Numbers of the levels",
    levels=(
        "blue: on duty",
        "yellow: the weak go first",
        "orange: danger zone ready or leaving",
        "red: all go now",
    ),
    log="Write down while cut off (report later with the true time)",
    log_columns=("Time", "Seen, done", "To move", "Moved", "Refused", "Who"),
    log_note="Report to the township when the network is back, with the true time.",
    printed="printed ",
    version="configuration ",
    last_drill="Last drill ",
    never="none on record",
    prepare="Be ready",
    go="Leave now",
)
