"""A county with hazards of many kinds, its readings, and its state under one configuration or another."""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np

from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.build import build_intake
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.state_file import StateFile

T0 = 1_781_740_800
STEP_S = 300
GAUGES = [f"S{n}" for n in range(1, 8)]
PLAIN = GAUGES[:6]
"""S7 tells totals of a counter, S1b stands beside S1."""

FILES = {
    "warnstream.yaml": """\
node: {name: county}
broker: {embedded: true}
messages: {sender: warnings@county.example}
windows: {longest: 12h, lateness_max: 2h}
forecast: {method: advection}
villages: {method: nearest, neighbours: 1, radius_km: 8, fallback_neighbours: 2, fallback_radius_km: 30}
""",
    "thresholds.yaml": """\
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: test
    levels:
      - {level: yellow, duration: 1h, rain_mm: 20}
      - {level: red, duration: 3h, rain_mm: 90}
  river_flood:
    evaluator: river_stage
    title: {zh: 洪水, en: River flood}
    table: rivers.csv
  landslide:
    evaluator: landslide_rain
    title: {zh: 滑坡, en: Landslide}
    source: test
    territories:
      - areas: ["*"]
        effective_rain: [{level: yellow, mm: 90}]
        daily_rain: [{level: blue, days: 5, mm: 600}]
        critical_line: [{level: yellow, soil_water_mm: 150, rain_60min_mm: 0}]
  slope:
    evaluator: slope_movement
    title: {zh: 边坡, en: Slope}
    table: slopes.csv
  fire:
    evaluator: forest_fire
    title: {zh: 火险, en: Fire}
    source: test
    levels: [{level: orange, fwi: 30}]
  own:
    evaluator: rule
    title: {zh: 综合, en: Own}
    source: test
    levels:
      - {level: yellow, rain: 1h, at_least: 10mm, for: 20min}
      - {level: orange, rain: 10min, rises_by: 3mm, over: 30min}
      - {level: red, first: {rain: 1h, at_least: 15mm}, then: {rain: 10min, at_least: 2mm}, within: 2h}
""",
    "channels.yaml": "channels: {device: {kind: mqtt}}\n",
    "stations.csv": "station,latitude,longitude,elevation_m,variables,interval_s,county,spare_of\n"
    + "".join(f"S{n},28.00,{119.0 + 0.05 * n:.2f},10,rain,300,County,\n" for n in range(1, 8))
    + "S1b,28.0001,119.05,10,rain,300,County,S1\n"
    + "G1,28.01,119.05,,stage,300,County,\nT1,28.01,119.10,,pore_pressure,300,County,\n"
    + "W1,28.01,119.15,,rain temperature humidity wind_speed,300,County,\n",
    "villages.csv": "village,name,latitude,longitude,township,county\n"
    + "".join(f"V{n},village {n},28.00,{119.0 + 0.05 * n:.2f},Town,County\n" for n in range(1, 8)),
    "households.csv": "household,village,channel,address\nh1,V1,device,h1\n",
    "chain.csv": "post,role,rank,area,channel,address\np1,leader,3,County,device,p1\n",
    "rivers.csv": "village,hazard,duration,level,value,unit,station,source\n"
    "V1,river_flood,,yellow,10,m,G1,test\nV1,river_flood,,red,12,m,G1,test\n",
    "slopes.csv": "village,hazard,duration,level,value,unit,station,source\n"
    "V2,slope,,yellow,20,kPa,T1,test\n",
}


def write(
    folder: Path, *changes: tuple[str, str, str], more: Mapping[str, str] | None = None
) -> Configuration:
    """The configuration with texts of some files replaced, (file, old, new), and with more files."""
    files = FILES | dict(more or {})
    for name, old, new in changes:
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_configuration(folder)


def rain_mm(station: str, step: int) -> float:
    """Rain of an interval: showers that come and go, of every gauge its own."""
    noise = zlib.crc32(f"{station}{step}".encode())
    return round((noise % 50) / 10.0, 1) if (step // 6 + noise % 3) % 4 else 0.0


def readings(step: int, silent: Collection[str] = ()) -> Iterable[RawMessage]:
    """What stations send of one interval."""
    at = iso_utc(T0 + STEP_S * step)
    fallen = {name: {"rain": rain_mm(name, step)} for name in (*PLAIN, "S1b")}
    total = sum(rain_mm("S7", number) for number in range(1, step + 1))
    others: dict[str, dict[str, float]] = {
        "S7": {"rain_total": round(total, 1)},
        "G1": {"stage": 9.0 + step * 0.02},
        "T1": {"pore_pressure": 10.0 + step * 0.1},
        "W1": {
            "rain": rain_mm("W1", step),
            "temperature": 30.0,
            "humidity": 20.0 + step % 7,
            "wind_speed": 5.0,
        },
    }
    for station, values in (fallen | others).items():
        if station not in silent:
            content = json.dumps({"station": station, "time": at, **values}).encode()
            yield RawMessage(f"ws/c/rain/{station}/obs", content)


def feed(intake: Intake, steps: range, silent: Collection[str] = ()) -> Intake:
    """Take the readings of some intervals, a step after each."""
    for step in steps:
        intake.consume(entries.MESSAGES, entries.encode_messages(list(readings(step, silent))))
        outcome = intake.consume(entries.TICK, entries.encode_tick(T0 + STEP_S * step))
        assert len(outcome.steps[0][0]) >= len(GAUGES) - len(silent), "the readings were read"
    return intake


def fed(configuration: Configuration, steps: range, silent: Collection[str] = ()) -> Intake:
    """A node's intake after some intervals."""
    return feed(build_intake(configuration), steps, silent)


def carried(snapshot: bytes, configuration: Configuration) -> tuple[Intake, list[str]]:
    """Another configuration's intake with that snapshot, and what begins anew."""
    intake = build_intake(configuration)
    return intake, intake.restore_judged(StateFile(snapshot)) or []


def differing(one: Intake, other: Intake) -> list[str]:
    """Arrays of the state that are not the same to the bit."""
    left, right = one.engine.assessment.snapshot(), other.engine.assessment.snapshot()
    assert left.keys() == right.keys()
    return [
        f"{part}/{name}"
        for part in left
        for name in left[part].keys() | right[part].keys()
        if not np.array_equal(
            left[part][name], right[part][name], equal_nan=left[part][name].dtype.kind == "f"
        )
    ]
