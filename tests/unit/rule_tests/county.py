"""A county of five gauges and two villages in a folder, with tests of its rules."""

from pathlib import Path

NODE = """\
node: {name: county, utc_offset: "+08:00"}
broker: {host: broker.county.example}
messages: {sender: warnings@county.example}
windows: {longest: 24h}
forecast: {method: none}
villages: {method: nearest, neighbours: 1}
routing: {household_level_min: yellow, chain_level_min: yellow}
"""
THRESHOLDS = """\
signs:
  kinds:
    crack: {zh: 地裂缝, en: Crack}
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: county plan
    levels:
      - {level: yellow, duration: 1h, rain_mm: 20}
      - {level: red, duration: 1h, rain_mm: 40}
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 60min, coverage_min: 0.8}
    signs: {kinds: [crack], reported_level: none, validated_level: yellow}
"""
FILES = {
    "warnstream.yaml": NODE,
    "thresholds.yaml": THRESHOLDS,
    "channels.yaml": "channels:\n  device: {kind: mqtt}\n",
    "stations.csv": """\
station,latitude,longitude,elevation_m,variables,interval_s,county
R1,28.40,119.90,,rain,300,County
R2,28.41,119.91,,rain,300,County
T1,28.43,119.93,,rain_total,600,County
G1,28.41,119.90,,stage,600,County
""",
    "villages.csv": """\
village,name,latitude,longitude,township,county
001,Upper,28.40,119.90,East,County
002,Lower,28.41,119.91,East,County
""",
    "households.csv": "household,village,channel,address\nh1,001,device,h1\nh2,002,device,h2\n",
    "chain.csv": """\
post,role,rank,area,channel,address
p1,volunteer,1,001,device,p1
p2,township,2,East,device,p2
""",
}
START = "start: 2026-06-17T20:00+08:00\n"


def write_county(directory: Path, **tests: str) -> Path:
    """The county's folder; each keyword is a file of tests and what stands in it."""
    for name, text in FILES.items():
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "tests").mkdir()
    for name, text in tests.items():
        (directory / "tests" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory
