"""Words of notes of risk to townships, and of points of waterlogging."""

from collections.abc import Mapping

OF_ADVICE: Mapping[str, tuple[str, str]] = {
    "advice": ("风险提示单", "Note of risk"),
    "advice_of": ("风险提示单：{township}", "Note of risk: {township}"),
    "exercise": ("【演练】{title}", "EXERCISE: {title}"),
    "as_of": (
        "截至 {at}，按本节点存下的状态；此后的雨不在内。",
        "As of {at}, by what the node has kept; rain since then is not in it.",
    ),
    "as_exercise": ("演练，非实况。", "EXERCISE, not real."),
    "stands_line": (
        "行政村 {n} 个，发布中的预警 {warnings} 个，最高 {worst}；看不到自己雨量站的村 {blind} 个",
        "{n} villages, {warnings} warnings stand, highest {worst}; {blind} villages hear no own gauge",
    ),
    "no_nowcast": (
        "未来 3 小时雨量：未知，没有配置临近预报（forecast.method）。",
        "Rain of the next 3 hours: unknown, no nowcast is configured (forecast.method).",
    ),
    "nowcast_unknown": (
        "未来雨量：此刻没有临近预报。",
        "Rain to come: there is no nowcast at this moment.",
    ),
    "no_model": (
        "今后 24 小时雨量：未知，没有配置数值预报（forecasts）。",
        "Rain of the next 24 hours: unknown, no weather model is configured (forecasts).",
    ),
    "model_unknown": (
        "数值预报：已配置，此刻没有可用的一次。",
        "Weather model: configured, there is no run that can be used now.",
    ),
    "model_line": (
        "数值预报 {model}，{run} 起报：各村未来 {hours} 小时雨量，中位与九成成员不超过的值。",
        "Model {model}, run of {run}: rain of {hours} hours, median and what 9 of 10 members stay below.",
    ),
    "villages_table": ("各村（最险的在前）", "Villages, the most endangered first"),
    "rain_so_far": ("已下 {window} mm", "fell in {window}, mm"),
    "rain_ahead": ("未来 {window} mm", "next {window}, mm"),
    "model_median": ("{hours} 小时中位 mm", "{hours} h median, mm"),
    "model_high": ("九成不超过 mm", "9 of 10 below, mm"),
    "stands": ("发布中", "stands"),
    "nearest": ("离最高等级最近", "nearest to its highest level"),
    "reached": ("已达阈值", "of threshold"),
    "sight": ("自己的雨量站", "own gauges"),
    "sight_seen": ("正常", "heard"),
    "sight_partly": ("部分失联", "partly silent"),
    "sight_blind": ("全部失联", "all silent"),
    "orders_table": ("怎么做（按预案文本）", "What to do (texts of the plan)"),
    "text": ("要求", "order"),
    "nothing_stands": (
        "没有发布中的预警，预案没有要求行动",
        "no warning stands, the plan asks for nothing",
    ),
    "posts_table": ("责任人", "Posts"),
    "rank": ("级", "rank"),
    "role": ("职责", "role"),
    "post": ("岗位", "post"),
    "phone": ("电话", "phone"),
    "phone_state": ("电话情况", "state of the phone"),
    "phone_good": ("可拨", "can be rung"),
    "phone_none": ("没有登记电话", "no phone registered"),
    "phone_of_exercise": ("演练用号码", "number of an exercise"),
    "phone_bad": ("号码可疑", "doubtful number"),
    "answers": ("被叫/已应答", "called/answered"),
    "signed_read": ("乡镇签收", "received by"),
}
