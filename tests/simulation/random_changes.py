"""A storm over a county whose configuration is changed at random, the node stopped or killed each time.

``python -m tests.simulation.random_changes --changes 200 --seed 1``: as many changes, good, bad and
hostile. After each, what the node says stands is what doors and posts were told, nobody twice.
"""

import argparse
import os
import random
import re
import sys
import tempfile
from pathlib import Path

import pytest

from tests.simulation.changed_county import MOMENTS, TABLES, THRESHOLDS, County, phones
from tests.simulation.test_carry_live import rain_by_gauge, standing
from warnstream.model.errors import ConfigError

NEW_STATIONS = ("S0,27.0,118.00,10,rain,300,County", "S5,28.0,119.80,10,rain,300,County")
BAD = {
    "cut off in the middle": ("villages.csv", b"village,name,latitude,longitude,township,county\nV1,vil"),
    "binary": ("stations.csv", b"\x00\xff\xfe\x00" * 100),
    "no YAML": ("thresholds.yaml", b"hazards: [unclosed\n"),
    "empty": ("warnstream.yaml", b""),
    "a bomb of anchors": ("thresholds.yaml", b"a: &a [x, x]\nb: &b [*a, *a]\nhazards: *b\n"),
    "a million wrong rows": (
        "households.csv",
        b"household,village,channel,address\n" + b"h,V9,sms,+86\n" * 100_000,
    ),
}
"""Files that nobody should be able to start a node with."""


def write_variant(county: County, rng: random.Random) -> str:
    """A good configuration, different in some of its parts; what is different, for a report."""
    head, *rows = TABLES["stations.csv"]
    stations = [row for row in rows if rng.random() < 0.85] or rows
    stations += [row for row in NEW_STATIONS if rng.random() < 0.4]
    rng.shuffle(stations)
    county.put("stations.csv", "\n".join([head, *stations]) + "\n")
    # Who has left does not come back: whether a door that returns hears what it missed is another matter.
    villages, doors = county.text("villages.csv").splitlines(), county.text("households.csv").splitlines()
    doors = [doors[0], *(row for row in doors[1:] if rng.random() < 0.95)]
    if rng.random() < 0.3 and not any(row.startswith("V0,") for row in villages):
        villages.insert(1, "V0,village 0,28.02,119.20,Town,County")
        doors.append("H0a,V0,sms,+860")
    county.put("villages.csv", "\n".join(villages) + "\n")
    county.put("households.csv", "\n".join(doors) + "\n")
    factor = rng.choice((0.5, 1, 1, 2))
    text = re.sub(r"rain_mm: (\d+)", lambda found: f"rain_mm: {int(found[1]) * factor:g}", THRESHOLDS)
    if has_torrent := rng.random() < 0.3:
        text += text[text.index("  storm:") :].replace("storm:", "torrent:", 1)
    county.put("thresholds.yaml", text)
    longest = rng.choice(("6h", "9h", "12h"))
    settings = county.text("warnstream.yaml")
    before = settings[settings.index("longest:") : settings.index(", lateness_max")]
    county.put("warnstream.yaml", settings.replace(before, f"longest: {longest}"))
    channels = county.text("channels.yaml")
    slow = rng.choice(("100ms", "100ms", "150ms"))
    county.put("channels.yaml", re.sub(r"wait_max: \w+", f"wait_max: {slow}", channels))
    codes = ",".join(row.partition(",")[0] for row in stations)
    return f"{codes} x{factor:g} {longest} torrent={has_torrent} {len(villages) - 1} villages, channel {slow}"


def refuse_bad(county: County, rng: random.Random) -> str:
    """A configuration that is refused with all its faults; the good one is put back."""
    what = rng.choice(sorted(BAD))
    name, content = BAD[what]
    path = county.directory / name
    good = path.read_bytes()
    if rng.random() < 0.3:
        what = f"{what} behind a link"
        elsewhere = county.directory.parent / f"elsewhere-{name}"
        elsewhere.write_bytes(content)
        path.unlink()
        path.symlink_to(elsewhere)
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError):
        county.start()
    path.unlink()
    path.write_bytes(good)
    return what


def change_once(county: County, rng: random.Random) -> str:
    """Some rain, an end of the node, another configuration, a start."""
    for _ in range(rng.randint(1, 4)):
        county.step(rng.choice((0.0, 0.5, 1.0, 1.0, 2.0)))
    if rng.random() < 0.5:
        county.write_snapshot()
        for _ in range(rng.randint(0, 2)):
            county.step(rng.choice((0.0, 1.0, 2.0)))
    how = rng.choice(("stopped", "killed"))
    county.kill() if how == "killed" else county.stop()
    told = write_variant(county, rng) if rng.random() < 0.8 else "the same files"
    refused = f", after {refuse_bad(county, rng)}" if rng.random() < 0.2 else ""
    county.start()
    return f"{how}: {told}{refused}"


def refuse_reload(county: County, rng: random.Random) -> str:
    """A reload of something bad or hostile is refused and nothing is changed; the good file is put back."""
    assert county.node is not None
    what = rng.choice([*sorted(BAD), "a pipe", "two gigabytes", "half written behind a link"])
    name, content = BAD.get(what, ("stations.csv", b"station,latitude\nS1,2"))
    path = county.directory / name
    good, before = path.read_bytes(), standing(county)
    path.unlink()
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "two gigabytes":
        with path.open("wb") as file:
            file.truncate(2 << 30)
    elif "link" in what or rng.random() < 0.3:
        elsewhere = county.directory.parent / f"elsewhere-{name}"
        elsewhere.write_bytes(content)
        path.symlink_to(elsewhere)
    else:
        path.write_bytes(content)
    bundle = county.node.status.state().configuration.bundle
    is_live, said = county.reload()
    path.unlink()
    path.write_bytes(good)
    assert not is_live, f"{what} went live"
    assert said[-1] == f"nothing was changed: bundle {bundle} runs on", said
    assert standing(county) == before, f"{what} changed what stands"
    return what


def reload_once(county: County, rng: random.Random) -> str:
    """Some rain, another configuration taken while running; killed in the midst of it or not."""
    assert county.node is not None
    for _ in range(rng.randint(1, 4)):
        county.step(rng.choice((0.0, 0.5, 1.0, 1.0, 2.0)))
    refused = f", after {refuse_reload(county, rng)}" if rng.random() < 0.3 else ""
    told = write_variant(county, rng)
    if rng.random() < 0.5:
        county.settle()
        rain = rain_by_gauge(county)
        is_live, said = county.reload()
        gone = any("warnstream end" in line for line in said)
        assert is_live or gone, said
        now = rain_by_gauge(county)
        assert all(now[gauge] == rain[gauge] for gauge in rain.keys() & now.keys()), "rain is not what it was"
        return f"reloaded: {told}{refused}" if is_live else f"refused under a warning: {told}{refused}"
    moment = rng.choice(MOMENTS)
    county.reload_killed(moment)
    return f"killed at {moment}: {told}{refused}"


def storm(directory: Path, changes: int, seed: int, *, is_live: bool = False) -> list[str]:
    """So many changes under one storm; what does not agree after any of them, or at the end.

    With `is_live` the running node takes them, killed in the midst of one now and then.
    """
    rng = random.Random(seed)
    with phones() as gateway:
        county = County(directory / "county", gateway)
        county.write()
        county.start()
        try:
            county.rain(8)
            for number in range(1, changes + 1):
                told = reload_once(county, rng) if is_live else change_once(county, rng)
                county.step(rng.choice((0.0, 1.0)))
                if faults := county.find_faults():
                    return [f"change {number} of seed {seed} ({told}): {fault}" for fault in faults]
            county.rain(60, times=0.0)
            left = [warning.warning for warning in county.open_warnings() if not county.is_kept(warning)]
            return [*county.find_faults(), *(f"{name} has not ended" for name in left)]
        finally:
            if county.node is not None:
                county.stop()


def main() -> int:
    """Run one storm; 1 if anything did not agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=int(os.environ.get("WARNSTREAM_CHANGES", "200")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", action="store_true", help="the running node takes the changes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        faults = storm(Path(directory), options.changes, options.seed, is_live=options.live)
    print(
        "\n".join(faults)
        or f"{options.changes} changes of seed {options.seed}: nothing untold, nothing told twice"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
