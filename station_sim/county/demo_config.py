"""Copies of the demo's YAML files, with ports and folders replaced where asked.

The files are configs/demo of the source tree; a wheel carries them inside
this package. They are changed line by line, so comments stay.
"""

from pathlib import Path

import yaml

from station_sim.errors import SimulatorError

_FILES = ("warnstream.yaml", "thresholds.yaml", "channels.yaml")

_RADAR = """
grids:
  county_radar:               # speaks where gauges are silent; docs/grids.md
    files: radar/*.nc
    max_age: 15min
    bias: {window: 3h, pairs_min: 10, factor_max: 2}
"""


def clock_of(directory: Path) -> str | None:
    """`node.clock` of a county; None where it has no warnstream.yaml that says it."""
    try:
        content = yaml.safe_load((directory / "warnstream.yaml").read_text(encoding="utf-8"))
        return str(content["node"].get("clock", "system"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None


def demo_config_directory() -> Path:
    """Folder of the demo's YAML files, packaged or in the source tree.

    Raises
    ------
    SimulatorError
        If neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "demo_config", package.parent / "configs" / "demo"):
        if (folder / _FILES[0]).is_file():
            return folder
    raise SimulatorError(
        f"the demo configuration is missing: looked in {package / 'demo_config'} and configs/demo"
    )


def write_demo_config(  # noqa: PLR0913  # keys of the files, each by name
    directory: Path,
    *,
    broker_port: int | None = None,
    http_port: int | None = None,
    sms_port: int | None = None,
    embedded_broker: bool | None = None,
    prefix: str | None = None,
    data_directory: str | None = None,
    radar: bool = False,
    clock: str | None = None,
) -> None:
    """Copy the demo's YAML files into a folder; None keeps the demo's own value.

    With `radar` the node reads the files of `station-sim run --radar` (`station_sim.sending.live_radar`).

    Raises
    ------
    SimulatorError
        If the demo's files are missing or lack one of the lines to replace.
    """
    replacements: dict[tuple[str, str, str], object] = {
        ("warnstream.yaml", "node", "clock"): clock,
        ("warnstream.yaml", "broker", "port"): broker_port,
        ("warnstream.yaml", "broker", "embedded"): _yaml_bool(embedded_broker),
        ("warnstream.yaml", "http", "port"): http_port,
        ("warnstream.yaml", "http", "public_url"): _local_url(http_port),
        ("warnstream.yaml", "messages", "web"): _local_url(http_port),
        ("warnstream.yaml", "topics", "prefix"): prefix,
        ("warnstream.yaml", "storage", "directory"): data_directory,
        ("channels.yaml", "channels", "url"): _local_url(sms_port, "/sms"),
    }
    directory.mkdir(parents=True, exist_ok=True)
    source = demo_config_directory()
    for name in _FILES:
        text = (source / name).read_text(encoding="utf-8")
        for (file, section, key), value in replacements.items():
            if file == name and value is not None:
                text = replace_value(text, name, section, key, str(value))
        if radar and name == "warnstream.yaml":
            text += _RADAR
            (directory / "radar").mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")


def _local_url(port: int | None, path: str = "") -> str | None:
    return None if port is None else f"http://127.0.0.1:{port}{path}"


def _yaml_bool(value: bool | None) -> str | None:  # noqa: FBT001  a value to write, not a switch
    return None if value is None else str(value).lower()


def replace_value(text: str, file: str, section: str, key: str, value: str) -> str:
    """The text with `key` of a top-level section replaced; a comment behind it stays."""
    lines = text.splitlines()
    inside = False
    for number, line in enumerate(lines):
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.startswith(f"{section}:")
        elif inside and line.strip().startswith(f"{key}:"):
            margin = line[: len(line) - len(line.lstrip())]
            _, hash_sign, comment = line.partition(" #")
            lines[number] = f"{margin}{key}: {value}" + (f"  #{comment}" if hash_sign else "")
            return "\n".join(lines) + "\n"
    raise SimulatorError(f"{file}: {section}.{key}: expected this line in the demo configuration")
