"""Slips of a hand in configs/county-cn: its values, levels, durations, ranks, waits and releases."""

from functools import partial

from tests.simulation import mutants_of_configs as mutants

rules = partial(mutants.rules, folder="county-cn")
node = partial(mutants.node, folder="county-cn")
row = partial(mutants.row, folder="county-cn")

COUNTY_CN = (
    # Values.
    row("orange", "3h", 50, 51, "50 mm in three hours"),
    row("red", "3h", 100, 99, "99.9 mm in three hours are no red"),
    row("yellow", "6h", 50, 40, "half a millimetre"),
    row("blue", "12h", 50, 75, "half a millimetre"),
    row("blue", "1h", 35, 36, "35 mm"),
    row("yellow", "1h", 45, 44, "44.9 mm"),
    row("orange", "1h", 60, 61, "60 mm"),
    row("red", "1h", 80, 79, "79.9 mm"),
    row("blue", "3h", 55, 70, "99.9 mm in three hours are no orange"),
    row("yellow", "3h", 75, 85, "99.9 mm in three hours are no orange"),
    row("orange", "3h", 100, 99, "99.9 mm in three hours are no orange"),
    row("red", "3h", 120, 121, "119.9 mm in three"),
    row("yellow", "6h", 95, 105, "six hours"),
    row("orange", "6h", 120, 119, "119.9 mm in six"),
    row("red", "6h", 150, 151, "149.8 mm"),
    rules("soil_water_mm: 145", "soil_water_mm: 149", "the slope is yellow"),
    rules("soil_water_mm: 160", "soil_water_mm: 155", "a night of rain"),
    # Levels.
    rules("forecast_level_max: yellow", "forecast_level_max: orange", "59.9 mm", place=1),
    rules("reported_level: blue", "reported_level: yellow", "a crack"),
    rules("validated_level: orange", "validated_level: red", "a crack"),
    rules("households: false", "households: true", "reminder"),
    # Durations.
    rules(
        "level: orange, duration: 1h, rain_mm: 60",
        "level: orange, duration: 2h, rain_mm: 60",
        "60 mm in an hour",
    ),
    rules("hold: 30min", "hold: 60min", "a flash flood stands", place=1),
    rules("hold: 30min", "hold: 90min", "a river under", place=2),
    rules("clear_ratio: 0.95", "clear_ratio: 0.90", "a river under"),
    rules("clear_ratio: 0.8", "clear_ratio: 0.5", "a flash flood stands", place=1),
    rules("hold: 24h, active_min: 24h", "hold: 1h, active_min: 1h", "a night of rain"),
    # Who is called when, and when doors hear it.
    node("chain_level_min: blue", "chain_level_min: yellow", "posts are called from blue"),
    node("household_level_min: yellow", "household_level_min: red", "doors hear"),
    node(
        "yellow: 30min, orange: 10min, red: 5min}   # [M] no",
        "yellow: 20min, orange: 10min, red: 5min}   # [M] no",
        "climbs",
    ),
    node("orange: 10min, red: 5min}   # [M] no", "orange: 20min, red: 5min}   # [M] no", "rung again"),
    node("yellow: one", "yellow: each_rank", "one answer"),
    node("orange: each_rank", "orange: one", "each rank owes"),
    node("again: [5min, 5min", "again: [15min, 5min", "rung again"),
    node("rise: {orange: 5min}", "rise: {orange: 15min}", "doors hear"),
)

UNNOTICED = (rules("level: orange, codes: [11B03]", "level: red, codes: [11B03]", "signals"),)
"""Of what other services issue: a test of rules brings no alerts of theirs."""
