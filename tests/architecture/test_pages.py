"""Pages and package agree: names, commands, versions, indexes."""

import re
import tomllib
from pathlib import Path

import pytest

import warnstream

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *REPOSITORY.glob("configs/*/*.md")]
)
FILE_IN_BACKTICKS = re.compile(
    r"`((?:warnstream|station_sim|tests|benchmarks|configs|docs)/[\w./-]*?\.(?:py|md|yaml|csv|json|c|txt))`"
)
MADE_BY_A_RUN = {"benchmarks/measured.md"}


def _text(page: str | Path) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def _commands(page: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", _text(page), re.MULTILINE | re.DOTALL)


def test_the_chinese_readme_has_commands_of_the_english_one_and_both_of_its_promise() -> None:
    english, chinese = _commands("README.md"), _commands("README.zh-CN.md")
    assert [block for block in chinese if block not in english] == []
    assert [block for block in english[:2] if block not in chinese] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """Paths between backticks that begin with a folder of the repository."""
    if page.name == "CHANGELOG.md":
        pytest.skip("tells of files as they were")
    named = set(FILE_IN_BACKTICKS.findall(_text(page))) - MADE_BY_A_RUN
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)", _text(page))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_module_that_a_page_names_is_there() -> None:
    """Dotted names between backticks: a module, or a name of one."""
    gone = [
        (page.name, name)
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for name in re.findall(r"`((?:warnstream|station_sim)(?:\.[a-z_0-9]+)+)`", _text(page))
        if not name.endswith(".yaml") and not _is_module(REPOSITORY / name.replace(".", "/"))
    ]
    assert gone == []


def _is_module(path: Path) -> bool:
    return any(place.exists() for place in (path, path.with_suffix(".py"), path.parent.with_suffix(".py")))


def test_every_decision_is_in_the_index() -> None:
    index = _text("docs/decisions/README.md")
    records = sorted((REPOSITORY / "docs" / "decisions").glob("0*.md"))
    assert [record.name for record in records if f"({record.name})" not in index] == []


def test_package_project_and_changelog_have_one_version() -> None:
    project = tomllib.loads(_text("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", _text("CHANGELOG.md"), re.MULTILINE)
    assert project == warnstream.__version__
    assert newest is None or newest[1] == project


def test_every_name_in_the_glossary_is_used() -> None:
    """A word in backticks that a reader would look for in the code, the configuration or the interface."""
    rows = [line for line in _text("docs/glossary.md").splitlines() if line.startswith("|")]
    names = {name for row in rows for name in re.findall(r"`([^`]+)`", row.rsplit("|", 2)[0])}
    places = [*REPOSITORY.glob("warnstream/**/*.py"), *REPOSITORY.glob("configs/demo/*.yaml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    unused = [
        name
        for name in names
        if name not in text and not (REPOSITORY / "warnstream" / name).exists() and not _is_key(name)
    ]
    assert sorted(unused) == []


def _is_key(name: str) -> bool:
    return f"| `{name}` |" in _text("docs/configuration.md")
