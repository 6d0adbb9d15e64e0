"""The demo's county with a node on the system's clock, for the loads of a backlog, an edge box, messages."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.processes import free_port
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config

FULL = CountyPlan()
LISTENER = """
listener:
  messages_per_s: 10000000
  inflight_max: 65535
"""
"""A node's own listener that holds nobody back."""


def write_live_county(
    directory: Path,
    port: int,
    *,
    is_listener: bool,
    plan: CountyPlan = FULL,
    interval_s: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> None:
    """Write a CONFIG_DIR.

    Parameters
    ----------
    directory : Path
    port : int
        Of the broker, or of the node's own listener.
    is_listener : bool
        Stations publish to the node itself.
    plan : CountyPlan
    interval_s : int, optional
        Of every station; None keeps the demo's five minutes.
    settings : mapping of str to str, optional
        Texts of warnstream.yaml and what they become; each must be there.

    Raises
    ------
    ValueError
        If a text to replace is not in the demo's warnstream.yaml.
    """
    build_county(1, plan).write(directory)
    if interval_s is not None:
        stations = directory / "stations.csv"
        text = stations.read_text(encoding="utf-8").replace(",300,", f",{interval_s},")
        stations.write_text(text, encoding="utf-8")
    write_demo_config(
        directory,
        broker_port=port,
        http_port=free_port(),
        sms_port=free_port(),
        embedded_broker=is_listener,
    )
    file = directory / "warnstream.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in {"clock: simulated": "clock: system", **(settings or {})}.items():
        if old not in text:
            raise ValueError(f"warnstream.yaml of the demo has no {old!r} to replace")
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
