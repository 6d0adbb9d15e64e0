"""Installed otherwise than by an editable clone: from a wheel, as a service, in a container."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICE = REPOSITORY / "configs" / "service" / "warnstream.service"
CONTAINERFILE = REPOSITORY / "configs" / "service" / "Containerfile"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked; built in a folder that holds what the container file copies, nothing else."""
    context = tmp_path_factory.mktemp("context")
    for sources, target in re.findall(r"^COPY (.+) (\S+)$", CONTAINERFILE.read_text("utf-8"), re.MULTILINE):
        for source in sources.split():
            place = context / Path(target).relative_to("/src")
            _copy(REPOSITORY / source, place / source if target.endswith("/") else place)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "dist", "."]
    built = subprocess.run(command, cwd=context, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"no wheel could be built here: {built.stderr.strip()[-200:]}")
    unpacked = tmp_path_factory.mktemp("installed")
    (wheel,) = (context / "dist").glob("warnstream-*.whl")
    zipfile.ZipFile(wheel).extractall(unpacked)
    return unpacked


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _run(installed: Path, folder: Path, program: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wheel_is_imported_and_not_the_clone(installed: Path, tmp_path: Path) -> None:
    assert str(installed) in _run(installed, tmp_path, "import warnstream; print(warnstream.__file__)")


def test_a_wheel_writes_a_county_with_the_demo_configuration_and_checks_it(
    installed: Path, tmp_path: Path
) -> None:
    written = "['county', '--out', 'c', '--stations', '9', '--villages', '4']"
    _run(installed, tmp_path, f"from station_sim.cli import main; main({written})")
    printed = _run(
        installed, tmp_path, "import sys; from warnstream.cli import main; sys.exit(main(['check', 'c']))"
    )
    assert "villages   4" in printed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_the_unit_is_right_and_starts_the_installed_command(tmp_path: Path) -> None:
    unit = tmp_path / SERVICE.name
    text = SERVICE.read_text("utf-8")
    unit.write_text(re.sub(r"/opt/warnstream/\.venv/bin/warnstream", str(_command()), text), "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    about_us = [line for line in verified.stderr.splitlines() if unit.name in line and "man " not in line]
    assert (verified.returncode, about_us) == (0, [])


def _command() -> Path:
    path = Path(sys.executable).with_name("warnstream")
    if not path.exists():
        pytest.skip("warnstream is not installed beside this Python")
    return path
