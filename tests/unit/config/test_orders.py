"""orders.yaml: the built-in table is whole, and a county's own one is checked like code."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.desk.county import rule
from warnstream.config.faults import FaultLog
from warnstream.config.load import load_configuration
from warnstream.config.orders import (
    TEXT_EN_MAX,
    TEXT_ZH_MAX,
    OrdersDocument,
    _wordings,
    built_in_orders,
    check_orders,
    length_of,
    order_table,
    text_faults,
)
from warnstream.config.yaml.check import check_document
from warnstream.config.yaml.tree import read_yaml
from warnstream.model.bulletins import TRANSFER, Action, BulletinPolicy, Refuge
from warnstream.model.errors import ConfigError
from warnstream.model.level import LEVELS, Level
from warnstream.model.transfers.duties import DUTIES, IN_COUNTY

ENTRY = """
hazards:
  flash_flood:
    refuge: water
    source: our plan
    levels:
      yellow: {action: ready, response: Prepare, zh: "{village}收好东西。", en: "{village}: pack."}
      red: {action: leave, response: Evacuate, zh: "{village}马上走！", en: "{village}: go now."}
    stay: {zh: "{village}留下。", en: "{village}: stay."}
    over: {zh: "{village}等通知。", en: "{village}: wait."}
    clear: {zh: "{village}解除。", en: "{village}: over."}
    also: {zh: "同时防山洪。", en: "Flood too."}
"""


def faults_of(text: str) -> list[str]:
    faults = FaultLog()
    tree = read_yaml("orders.yaml", text, faults)
    assert tree is not None
    document = check_document(OrdersDocument, tree, faults)
    if document is not None:
        check_orders(tree, document, {"flash_flood": None, "landslide": None}, faults)
    try:
        faults.raise_if_any()
    except ConfigError as error:
        return [f"{fault.line} {fault.path}: {fault.expected}" for fault in error.faults]
    return []


def test_the_built_in_table_has_no_fault_and_room_for_the_longest_names() -> None:
    table = built_in_orders()
    assert list(text_faults(table)) == []
    lengths = {
        language: max(length_of(getattr(text, language), language) for _, text, _ in _wordings(table))
        for language in ("zh", "en")
    }
    assert lengths["zh"] <= TEXT_ZH_MAX
    assert lengths["en"] <= TEXT_EN_MAX


def test_every_built_in_entry_has_an_order_at_every_level_and_a_source() -> None:
    for entry in [*built_in_orders().hazards.values(), built_in_orders().otherwise]:
        assert entry is not None
        is_transfer = entry is built_in_orders().hazards[TRANSFER]  # nobody is moved at blue
        assert list(entry.levels.given()) == list(LEVELS)[is_transfer:]
        assert entry.source


def test_nobody_leaves_for_a_fire_or_through_water() -> None:
    table = order_table(None)
    for hazard in ("forest_fire", "waterlogging"):
        assert not any(table.order(hazard, level).action.moves_people for level in LEVELS)


def test_a_hazard_takes_its_own_orders_else_its_evaluator_s_else_common_ones() -> None:
    own = OrdersDocument.model_validate(yaml.safe_load(ENTRY))
    rules = [rule("flash_flood", "a", "a"), rule("brook", "b", "b")]
    assert order_table(None, rules).order("brook", Level.ORANGE).action is Action.LEAVE
    table = order_table(own, rules)
    assert table.order("flash_flood", Level.YELLOW).action is Action.READY
    assert table.order("flash_flood", Level.ORANGE).action is Action.READY  # the next lower one
    assert table.order("flash_flood", Level.BLUE).action is Action.READY  # the lowest there is
    assert table.of("brook") == table.of("flash_flood")  # of the same evaluator
    assert table.of("brook").refuge is Refuge.WATER
    assert table.of("meteor") == table.otherwise


def test_a_county_s_own_orders_come_before_the_built_in_ones(config_dir: Path) -> None:
    (config_dir / "orders.yaml").write_text(ENTRY, encoding="utf-8")
    loaded = load_configuration(config_dir)
    assert loaded.orders.order("flash_flood", Level.RED).text.en == "{village}: go now."
    assert loaded.orders.order("river_flood", Level.RED).action is Action.LEAVE
    assert loaded.bulletins == BulletinPolicy()


def test_wrong_orders_are_refused_with_the_faults_of_the_other_files(config_dir: Path) -> None:
    (config_dir / "orders.yaml").write_text(ENTRY.replace("{village}: go", "go"), encoding="utf-8")
    (config_dir / "channels.yaml").write_text("channels: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_configuration(config_dir)
    assert {fault.file for fault in refused.value.faults} >= {"orders.yaml", "channels.yaml"}


def test_villages_may_have_a_short_name_and_a_shelter(config_dir: Path) -> None:
    lines = (config_dir / "villages.csv").read_text("utf-8").splitlines()
    ends = ["short_name,shelter", "上,小学", ",", ",礼堂"]
    rows = [f"{line},{end}" for line, end in zip(lines, ends, strict=True)]
    (config_dir / "villages.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    villages = load_configuration(config_dir).network.villages
    assert villages.short_name == ("上", "", "")
    assert villages.shelter == ("小学", "", "礼堂")


def test_a_right_table_has_no_fault() -> None:
    assert faults_of(ENTRY) == []
    assert faults_of("hazards: {}") == []


def wrong() -> Iterator[tuple[str, str, str]]:
    yield 'zh: "{village}马上走！"', 'zh: "{village}马上走，准备好！"', "expected one order in one text"
    yield 'zh: "{village}马上走！"', 'zh: "马上走！{village}"', "expected {village} in the first sentence"
    yield "{village}: go now.", "{vilage}: go now.", "unknown name {vilage}"
    yield "{village}: go now.", "{village: go now.", "expected names in braces"
    yield "{village}: go now.", "{village}: go now “please”.", "GSM 7-bit alphabet only, got '“”'"
    yield (
        "{village}马上走！",
        "{village}" + "走" * 59,
        "expected at most 63 characters",
    )
    yield "action: leave", "action: watch", "expected an action of at least ready, that of yellow"
    yield "action: leave", "action: run", "expected watch, ready, prepare or leave"
    yield "response: Evacuate", "response: AllClear", "expected Shelter, Evacuate"
    yield "refuge: water", "refuge: sea", "expected water, slope, fire or wind"
    yield "  flash_flood:", "  flash_floods:", "did you mean 'flash_flood'"
    yield "    source: our plan\n", "", "source"


@pytest.mark.parametrize(("right", "written", "expected"), list(wrong()))
def test_a_wrong_table_is_refused_with_its_line_and_what_was_expected(
    right: str, written: str, expected: str
) -> None:
    assert right in ENTRY
    found = faults_of(ENTRY.replace(right, written, 1))
    assert any(expected in fault for fault in found), found


def test_an_entry_without_a_level_is_refused() -> None:
    head, _, tail = ENTRY.partition("    levels:\n")
    empty = f"{head}    levels: {{}}\n{tail[tail.index('    stay:') :]}"
    assert any("expected at least one level" in fault for fault in faults_of(empty))


def test_a_county_words_the_duties_that_it_wants_and_keeps_the_others(config_dir: Path) -> None:
    own = 'duties:\n  lead: {zh: "请带大家走。", en: "Take everybody out."}\n'
    (config_dir / "orders.yaml").write_text(own, encoding="utf-8")
    duties = load_configuration(config_dir).orders.duties
    assert (duties["lead"].zh, duties["lead"].en) == ("请带大家走。", "Take everybody out.")
    assert set(duties) == {*DUTIES, IN_COUNTY}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('lead: {zh: "请请请请请请请请请请请请请请请请带队", en: "Lead."}', "at most 16 characters"),
        ('lead: {zh: "请去{shelter}", en: "Lead."}', "without braces"),
        ('lead: {zh: "请带队"}', "en"),
        ('leader: {zh: "请带队", en: "Lead."}', "unknown key"),
    ],
)
def test_words_of_a_duty_that_cannot_be_are_named(words: str, expected: str) -> None:
    found = faults_of(f"duties:\n  {words}\n")
    assert any(expected in fault for fault in found), found
