"""Every trouble of a node has a begin and an end: what raises an alarm ends it somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.sources import nodes_of, text_of, tree_of
from warnstream.model.alarms import ALARM_KINDS

PACKAGE = Path(__file__).parents[2] / "warnstream"


def kinds_in(methods: set[str]) -> set[str]:
    """First words of the keys that are given to any of the methods, as far as they are written out."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if not any(f".{method}(" in text_of(path) for method in methods):
            continue
        tree = tree_of(path)
        constants = dict(named_texts(tree))
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in methods
            ):
                found.update(kinds_of(node.args[0], constants))
    return found


def named_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from ((t.id, str(node.value.value)) for t in node.targets if isinstance(t, ast.Name))


def kinds_of(argument: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    if isinstance(argument, ast.Constant):
        yield str(argument.value).partition(":")[0]
    elif isinstance(argument, ast.Name) and argument.id in constants:
        yield constants[argument.id].partition(":")[0]
    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
        yield str(argument.values[0].value).partition(":")[0]


OF_ORDERS = {"ceiling", "silence", "release", "second", "order", "response"}
RAISED_BY_LOOP = {
    "kept",
    "drill",
    "hazard",
    "part",
    "chain",
    "help",
    "report",
    "team",
    "roster",
    "feed",
    "ahead",
    "past",
    "transfer",
    *OF_ORDERS,
}
"""Raised and ended under a key that is not written out where it is given."""


def test_every_alarm_that_is_raised_is_a_kind_of_the_table() -> None:
    raised = kinds_in({"raise_alarm"})
    assert raised <= set(ALARM_KINDS)
    assert "view" in raised
    assert raised | RAISED_BY_LOOP == set(ALARM_KINDS)


def test_every_alarm_that_is_raised_is_ended_somewhere() -> None:
    ended = kinds_in({"end_alarm", "end_others"})
    assert kinds_in({"raise_alarm"}) <= ended | RAISED_BY_LOOP
    assert {"hazard", "part"} <= ended


def test_the_keys_that_are_not_written_out_are_raised_and_ended_in_one_place() -> None:
    views = PACKAGE / "runners" / "live" / "views"
    kept = (views / "kept_warnings.py").read_text(encoding="utf-8")
    for key in ("kept", "drill"):
        assert f'("{key}", ' in kept
    assert "_alarms.end_alarm(key)" in kept
    assert re.search(r"_alarms\.raise_alarm\(\s*key,", kept)
    chain_watch = (PACKAGE / "runners" / "live" / "watches" / "chain_watch.py").read_text(encoding="utf-8")
    assert '_alarm_texts("chain", ' in chain_watch
    assert '_alarm_texts("help", ' in chain_watch
    assert '{"report": AlarmText(' in chain_watch
    assert '{"team": AlarmText(' in chain_watch
    assert '"roster": AlarmText(' in chain_watch
    assert 'KINDS = ("chain", "help", "report", "team", "roster")' in chain_watch
    assert "StandingAlarms(alarms, *KINDS)" in chain_watch
    standing = (PACKAGE / "runners" / "live" / "watches" / "standing_alarms.py").read_text(encoding="utf-8")
    assert "_alarms.end_alarm(key)" in standing
    assert "_alarms.raise_alarm(key, text.en" in standing
    past = (PACKAGE / "runners" / "live" / "watches" / "past_crossings.py").read_text(encoding="utf-8")
    assert 'f"past:{' in past
    assert "_alarms.end_alarm(key)" in past
    assert "_alarms.raise_alarm(key, en" in past
    order_watch = (PACKAGE / "runners" / "live" / "watches" / "order_watch.py").read_text(encoding="utf-8")
    alone = {"silence", "order"}
    assert all(f'texts["{key}"]' in order_watch for key in alone)
    for key in OF_ORDERS - alone:
        assert f'"{key}:{{' in order_watch
    assert "StandingAlarms(alarms, *KINDS)" in order_watch
    transfers = (PACKAGE / "runners" / "live" / "watches" / "transfer_watch.py").read_text(encoding="utf-8")
    assert 'f"transfer:{' in transfers
    assert 'StandingAlarms(alarms, "transfer")' in transfers
    for watch in (chain_watch, order_watch, transfers):
        assert "_alarms.show(" in watch
        assert "_alarms.adopt(standing)" in watch
