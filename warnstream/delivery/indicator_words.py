"""What was measured, in words: names of indicators and units by language.

The keys are words of `Indicator` and the units of `UNIT_OF_INDICATOR`; a test walks both. English
units are written as they are.
"""

UNIT_ZH = {
    "mm": "毫米",
    "m": "米",
    "cm": "厘米",
    "mm/h": "毫米/小时",
    "m/h": "米/小时",
    "mm/d": "毫米/天",
    "deg": "度",
    "deg/h": "度/小时",
    "kPa": "千帕",
    "h": "小时",
}
INDICATOR_ZH = {
    "rain": "{over}雨量",
    "stage": "水位",
    "soil_water": "土壤雨量指数",
    "intensity": "{over}过程平均雨强",
    "effective_rain": "有效雨量",
    "antecedent_rain": "前期有效雨量",
    "weighted_rain": "7日加权雨量",
    "tilt_rate": "倾斜速率",
    "velocity": "变形速率",
    "tangent_angle": "切线角",
    "displacement": "累计位移",
    "crack": "裂缝宽度变化",
    "pore_pressure": "孔隙水压力",
    "failure_time": "推算距失稳时间",
    "water_depth": "积水深度",
    "fire_weather": "森林火险气象指数",
    "forecast_rain": "预报雨量",
    "event_rain": "本次过程雨量",
    "stage_rise": "水位上涨速率",
    "daily_rain": "近{days}日雨量（含今日）",
    "prior_rain": "今日前{days}日雨量",
    "prior_index": "今日前{days}日前期影响雨量",
    "daily_index": "近{days}日前期影响雨量（含今日）",
}
INDICATOR_EN = {
    "rain": "{value} of rain in {over}",
    "stage": "water level {value}",
    "soil_water": "soil water index {value}",
    "intensity": "mean intensity {value} over {over} of rain",
    "effective_rain": "effective rain {value} (half-life {over})",
    "antecedent_rain": "antecedent rain {value}",
    "weighted_rain": "weighted rain of 7 days {value}",
    "tilt_rate": "tilt rate {value}",
    "velocity": "velocity {value}",
    "tangent_angle": "tangent angle {value}",
    "displacement": "displacement {value}",
    "crack": "crack {value}",
    "pore_pressure": "pore pressure {value}",
    "failure_time": "time to failure {value}",
    "water_depth": "water depth {value}",
    "fire_weather": "fire weather index {value}",
    "forecast_rain": "forecast rain {value}",
    "event_rain": "rain of the event {value}",
    "stage_rise": "rise of the water level {value}",
    "daily_rain": "{value} of rain in {days} days with today",
    "prior_rain": "{value} of rain in the {days} days before today",
    "prior_index": "antecedent rain of the {days} days before today {value}",
    "daily_index": "antecedent rain of {days} days with today {value}",
}
"""By `Reason.indicator`; its value is formatted into ``{value}``, its time into ``{over}`` or ``{days}``."""
