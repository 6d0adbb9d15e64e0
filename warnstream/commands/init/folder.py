"""The folder of a first day: the tables, and commented files beside them that a county changes next."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from warnstream.adapters.geometry import own_weights
from warnstream.commands.init.tables import Table
from warnstream.config.settings import Configuration

WARNSTREAM = """# warnstream.yaml: this node. Every key with its default is in docs/configuration.md.
node:
  name: {name}
  utc_offset: "{offset}"        # local time in texts
broker:
  embedded: true              # stations connect to this node itself, port 18830
messages:
  sender: warnings@{name}.example
  sender_name: {name} flood control office     # what people read; change it
  status: Exercise            # Actual only when people may be woken by it
"""

CHANNELS = """# channels.yaml: how a message reaches a recipient. Each channel that your tables name
# stands here as a terminal, which prints to the node's log: nobody is told anything until you put gateways
# and devices in their place (docs/configuration.md, channels.yaml).
channels:
"""

CHANNEL = """  {name}:
    kind: terminal
"""

THRESHOLDS = """# thresholds.yaml: what reaches which level. Rain in mm; >= reaches. These are the published
# values of another county: yours come from the survey of your own streams, village by village in
# thresholds.csv (docs/hazards.md, docs/configuration.md).
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: Jianghua county (Hunan) critical rainfall, any one of 1, 3, 6 h; not this county's
    levels:
      - {level: blue, duration: 1h, rain_mm: 35}
      - {level: yellow, duration: 1h, rain_mm: 45}
      - {level: orange, duration: 1h, rain_mm: 60}
      - {level: red, duration: 1h, rain_mm: 80}
      - {level: blue, duration: 3h, rain_mm: 55}
      - {level: yellow, duration: 3h, rain_mm: 75}
      - {level: orange, duration: 3h, rain_mm: 100}
      - {level: red, duration: 3h, rain_mm: 120}
    forecast_level_max: yellow
    lowering: {clear_ratio: 0.8, hold: 30min, active_min: 60min, coverage_min: 0.8}
"""

TESTS = """# What must happen, tried by `warnstream test` (docs/rule-tests.md). Write your own beside these.
start: 2026-06-18T14:00{offset}
tests:
  - name: 100 mm in an hour over all gauges are a red flash flood at {village}
    readings: {{"* rain": {amount}x{count}}}
    expect:
      - {{at: 60min, village: {village}, hazard: flash_flood, level: red}}
  - name: a dry hour is none
    readings: {{"* rain": 0x{count}}}
    expect:
      - {{at: 60min, village: {village}, hazard: flash_flood, level: none}}
      - never: {{village: {village}, hazard: flash_flood, level: blue}}
"""

CHAIN_HEADER = ("post", "role", "rank", "area", "channel", "address")


def write_folder(folder: Path, tables: Mapping[str, Table], name: str, offset: str) -> None:
    """Everything but the tests.

    Parameters
    ----------
    folder : Path
        Is made; must not be there.
    tables : mapping of str to Table
    name, offset : str
        Of the node, and its local clock such as ``+08:00``.
    """
    folder.mkdir(parents=True)
    texts = {table.kind.file: table.text for table in tables.values()}
    texts.setdefault("households.csv", "household,village,channel,address\n")
    texts.setdefault("chain.csv", _duty(_column(tables, "villages", "county")))
    channels = {"terminal"} | _column(tables, "households", "channel") | _column(tables, "posts", "channel")
    texts["warnstream.yaml"] = WARNSTREAM.format(name=name, offset=offset)
    texts["channels.yaml"] = CHANNELS + "".join(CHANNEL.format(name=name) for name in sorted(channels - {""}))
    texts["thresholds.yaml"] = THRESHOLDS
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")


def _column(tables: Mapping[str, Table], kind: str, column: str) -> set[str]:
    """Every value of a column."""
    table = tables.get(kind)
    if table is None or column not in table.columns:
        return set()
    place = table.columns.index(column)
    return {row[place] for row in table.rows}


def _duty(counties: Iterable[str]) -> str:
    """One duty officer for each county, where no table of posts is given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CHAIN_HEADER)
    for number, county in enumerate(sorted(filter(None, counties)), start=1):
        writer.writerow((f"duty-{number}", "duty_officer", 1, county, "terminal", f"duty-{number}"))
    return out.getvalue()


def write_tests(folder: Path, configuration: Configuration, offset: str) -> str:
    """Tests of the first village that a gauge speaks for; its code, empty where there is none."""
    network = configuration.network
    weights = own_weights(network, configuration.village)
    heard = [place for place in range(len(network.places)) if weights.weight[place].sum() > 0]
    if not heard:
        return ""
    rain = network.stations.measures_rain
    interval_s = int(network.stations.interval_s[rain].min())
    count = max(3600 // interval_s, 1)
    village = network.villages.code[int(network.places.village[heard[0]])]
    text = TESTS.format(offset=offset, village=village, amount=f"{100 / count:.3f}", count=count)
    (folder / "tests").mkdir()
    (folder / "tests" / "first.yaml").write_text(text, encoding="utf-8")
    return village
