"""orders.yaml: what each hazard at each level asks of people, and the texts; checked like code.

The package carries a table for every hazard it knows (``orders.yaml`` beside this module); a county's
``CONFIG_DIR/orders.yaml`` replaces the entries that it has. Texts are checked for their length with the
longest names allowed, for words that contradict each other, for names in braces that nobody fills.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Annotated

import yaml
from pydantic import Field

from warnstream.config.faults import FaultLog
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.config.yaml.tree import Location, YamlTree, path_text
from warnstream.model.bulletins import (
    ORDERED_ACTIONS,
    TRANSFER,
    Action,
    HazardOrders,
    Order,
    OrderTable,
    Refuge,
    Wording,
)
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.rules import HazardRule

ORDERS_FILE = "orders.yaml"
NO_NAMES: Mapping[str, str] = MappingProxyType({})

RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "None")
"""Words of CAP 1.2's responseType that an order may have; AllClear is of ends only."""

DUTY_ZH_MAX, DUTY_EN_MAX = 16, 60
"""Of what a post of a duty reads: beside one village it is one short message still."""

TEXT_ZH_MAX, TEXT_EN_MAX = 63, 160
"""One short message of 70 UCS-2 characters without the signature of 7, one of 160 GSM-7 characters."""

LONGEST_ZH = {
    "village": "村" * 5,
    "shelter": "所" * 6,
    "phone": "1" * 11,
    "clock": "00:00",
    "hazard": "灾" * 4,
    "by": "现在走还来得及，",
    "zone": "区" * 5,
}
LONGEST_EN = {
    "village": "v" * 16,
    "shelter": "s" * 18,
    "phone": "1" * 11,
    "clock": "00:00",
    "hazard": "h" * 16,
    "by": "by 00:00",
    "zone": "z" * 14,
}
"""The longest names that a text must have room for in one short message."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of the GSM 7-bit default alphabet (3GPP TS 23.038)."""

_GO_NOW, _BE_READY = re.compile("现在走|现在就|马上|立即"), re.compile("准备|随时出发")


class WordingSection(Section):
    """One text in two languages."""

    zh: Annotated[str, value_types.text()] = Field(description="Chinese.")
    en: Annotated[str, value_types.text()] = Field(description="English.")


class OrderSection(WordingSection):
    """What one hazard at one level asks."""

    action: Annotated[str, value_types.one_of(*ORDERED_ACTIONS)] = Field(
        description="What is asked; from prepare on people may be in shelters, and hear stay before the end."
    )
    response: Annotated[str, value_types.one_of(*RESPONSES)] = Field(description="CAP's responseType.")


class LevelOrdersSection(Section):
    """Orders by level; a level without one takes the next lower one's."""

    blue: OrderSection | None = default(None, description="At level blue.")
    yellow: OrderSection | None = default(None, description="At level yellow.")
    orange: OrderSection | None = default(None, description="At level orange.")
    red: OrderSection | None = default(None, description="At level red.")

    def given(self) -> dict[Level, OrderSection]:
        """Orders that are there, by level, ascending."""
        return {level: order for level in LEVELS if (order := getattr(self, level.word)) is not None}

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A worse level never asks for less: nobody may be sent home by a rise."""
        given = self.given()
        if not given:
            return [("", "expected at least one level")]
        pairs = zip(given.items(), list(given.items())[1:], strict=False)
        return [
            (worse.word, f"expected an action of at least {order.action}, that of {level.word}")
            for (level, order), (worse, next_order) in pairs
            if Action(next_order.action).rank < Action(order.action).rank
        ]


class HazardOrdersSection(Section):
    """Orders and texts of one hazard."""

    evaluators: list[Annotated[str, value_types.code()]] = part(
        list, "Evaluators whose hazards take this entry if they have none by their name."
    )
    refuge: Annotated[str, value_types.one_of(*Refuge)] = Field(
        description="What people flee from; a new one at the same level is news."
    )
    source: Annotated[str, value_types.text()] = Field(description="Where these orders come from.")
    levels: LevelOrdersSection = Field(description="Orders by level.")
    stay: WordingSection = Field(description="It has fallen and people may be in shelters.")
    stay_rising: WordingSection | None = default(
        None,
        description="It rises, asks for less than to go, and people may be in shelters; none: as `stay`.",
    )
    over: WordingSection = Field(
        description="It has ended after people were asked to go: over, not yet back."
    )
    clear: WordingSection = Field(description="It has ended and nobody was asked to go.")
    also: WordingSection = Field(description="A sentence for when another hazard leads.")


class DutiesSection(Section):
    """What posts of each duty read at orange and red where people are to go, besides which villages."""

    warn: WordingSection | None = default(None, description="Who warns: 山洪预警员.")
    lead: WordingSection | None = default(None, description="Who leads people out: the village's head.")
    fetch: WordingSection | None = default(None, description="Who fetches: the grid member.")
    gate: WordingSection | None = default(None, description="Who holds the road.")
    shelter: WordingSection | None = default(None, description="Who has the shelter.")
    command: WordingSection | None = default(None, description="Who commands in a township.")
    command_county: WordingSection | None = default(
        None, description="Who commands and answers for a county or everything."
    )

    def given(self) -> dict[str, WordingSection]:
        """Those that are said, by key."""
        said = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: text for name, text in said if text is not None}


class OrdersDocument(Section):
    """orders.yaml: what is asked of people, by hazard and level."""

    hazards: dict[Annotated[str, value_types.code()], HazardOrdersSection] = part(
        dict, "Orders by hazard, as named in thresholds.yaml; those left out are the built-in ones."
    )
    otherwise: HazardOrdersSection | None = default(None, description="Hazards without an entry.")
    correct: WordingSection | None = default(None, description="A false alarm.")
    remind: WordingSection | None = default(None, description="What comes before a repeated order.")
    not_a_drill: WordingSection | None = default(
        None, description="What comes before the order of something real that interrupts an exercise."
    )
    go_home: WordingSection | None = default(None, description="A village may return.")
    go_home_zone: WordingSection | None = default(
        None, description="Some zones of a village may return, the others stay."
    )
    duties: DutiesSection = part(
        DutiesSection, "What posts of each duty (chain.csv) read beside their villages; by duty."
    )


@cache
def built_in_orders() -> OrdersDocument:
    """The table that the package carries."""
    text = (files("warnstream.config") / ORDERS_FILE).read_text(encoding="utf-8")
    return OrdersDocument.model_validate(yaml.safe_load(text))


def order_table(
    own: OrdersDocument | None, rules: Sequence[HazardRule] = (), were: Mapping[str, str] = NO_NAMES
) -> OrderTable:
    """Orders of every hazard of a county: by name now or before, by evaluator, else those of `otherwise`.

    Parameters
    ----------
    own : OrdersDocument or None
        The county's; its entries come before the built-in ones.
    rules : sequence of HazardRule
    were : mapping of str to str, optional
        By a name that a hazard had before, its name now: an order that nobody has written anew goes on.
    """
    base = built_in_orders()
    own = own or OrdersDocument.model_validate({})
    entries = base.hazards | own.hazards
    both = (*base.hazards.items(), *own.hazards.items())
    of_evaluator = {word: name for name, entry in both for word in entry.evaluators}
    of_hazard = dict(entries)
    name_before = {name: before for before, name in were.items()}
    for rule in rules:
        known = name_before.get(rule.name, ""), of_evaluator.get(rule.evaluator, "")
        found = next((name for name in known if name in entries), None)
        if rule.name not in entries and found is not None:
            of_hazard[rule.name] = entries[found]
    otherwise, correct = own.otherwise or base.otherwise, own.correct or base.correct
    remind, not_a_drill = own.remind or base.remind, own.not_a_drill or base.not_a_drill
    home, home_zone = own.go_home or base.go_home, own.go_home_zone or base.go_home_zone
    assert otherwise and correct and remind and not_a_drill, "the built-in table is whole"  # noqa: PT018
    assert home and home_zone, "the built-in table is whole"  # noqa: PT018
    return OrderTable(
        {name: _orders_of(entry) for name, entry in of_hazard.items()},
        _orders_of(otherwise),
        _wording(correct),
        _wording(remind),
        _wording(not_a_drill),
        _wording(home),
        _wording(home_zone),
        {duty: _wording(said) for duty, said in (base.duties.given() | own.duties.given()).items()},
    )


def check_orders(
    tree: YamlTree, own: OrdersDocument, hazards: Mapping[str, object], faults: FaultLog
) -> None:
    """Texts that are too long, contradict themselves or name what nobody fills; unknown hazards."""
    for name in own.hazards:
        if name not in hazards and name != TRANSFER:
            faults.add_unknown(tree.file, tree.line_of(("hazards", name)), "hazards.hazard", name, hazards)
    for location, expected in text_faults(own):
        faults.add(tree.file, tree.line_of(location), path_text(location), expected)


def text_faults(document: OrdersDocument) -> Iterator[tuple[Location, str]]:
    """What is wrong with the texts of a table, each with its place."""
    for place, wording, is_whole in _wordings(document):
        for language in ("zh", "en"):
            text = getattr(wording, language)
            for expected in _faults_of(text, language, is_whole=is_whole):
                yield (*place, language), expected
    for duty, wording in document.duties.given().items():
        for language, most in (("zh", DUTY_ZH_MAX), ("en", DUTY_EN_MAX)):
            text = getattr(wording, language)
            if len(text) > most or "{" in text:
                yield (
                    ("duties", duty, language),
                    f"expected at most {most} characters without braces, got {text!r}",
                )


def length_of(text: str, language: str) -> int:
    """Characters of a text with the longest names allowed, without the signature."""
    return len(text.format_map(LONGEST_ZH if language == "zh" else LONGEST_EN))


def _faults_of(text: str, language: str, *, is_whole: bool) -> Iterator[str]:
    try:
        named = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError as error:
        yield f"expected names in braces such as {{village}}: {error}"
        return
    for name in sorted(named - LONGEST_ZH.keys()):
        yield f"unknown name {{{name}}}: known here are {', '.join(f'{{{word}}}' for word in LONGEST_ZH)}"
    if named - LONGEST_ZH.keys():
        return
    if is_whole and "village" not in {field for _, field, _, _ in Formatter().parse(_first(text))}:
        yield "expected {village} in the first sentence: place and action are never cut"
    length_max = TEXT_ZH_MAX if language == "zh" else TEXT_EN_MAX
    if (length := length_of(text, language)) > length_max:
        yield f"expected at most {length_max} characters with the longest names, got {length}"
    if language == "zh" and _GO_NOW.search(text) and _BE_READY.search(text):
        yield "expected one order in one text: it says both to go now and to be ready"
    foreign = sorted(set(text) - GSM7 - set("{}")) if language == "en" else []
    if foreign:
        yield f"expected characters of the GSM 7-bit alphabet only, got {''.join(foreign)!r}"


def _first(text: str) -> str:
    """The first sentence, which is never cut."""
    return re.split(r"(?<=[。！])|(?<=[.!?])\s", text, maxsplit=1)[0]


def _wordings(document: OrdersDocument) -> Iterator[tuple[Location, WordingSection, bool]]:
    """Every text of a table with its place, and whether it stands alone."""
    entries: list[tuple[Location, HazardOrdersSection]] = [
        (("hazards", name), entry) for name, entry in document.hazards.items()
    ]
    if document.otherwise is not None:
        entries.append((("otherwise",), document.otherwise))
    for place, entry in entries:
        for level, order in entry.levels.given().items():
            yield (*place, "levels", level.word), order, True
        for key in ("stay", "stay_rising", "over", "clear"):
            if (wording := getattr(entry, key)) is not None:
                yield (*place, key), wording, True
        yield (*place, "also"), entry.also, False
    for key in ("correct", "go_home", "go_home_zone"):
        if (wording := getattr(document, key)) is not None:
            yield (key,), wording, True
    for key in ("remind", "not_a_drill"):
        if (wording := getattr(document, key)) is not None:
            yield (key,), wording, False


def _orders_of(entry: HazardOrdersSection) -> HazardOrders:
    orders = {
        level: Order(Action(order.action), order.response, _wording(order))
        for level, order in entry.levels.given().items()
    }
    return HazardOrders(
        Refuge(entry.refuge),
        orders,
        stay=_wording(entry.stay),
        over=_wording(entry.over),
        clear=_wording(entry.clear),
        also=_wording(entry.also),
        source=entry.source,
        stay_rising=None if entry.stay_rising is None else _wording(entry.stay_rising),
    )


def _wording(section: WordingSection) -> Wording:
    return Wording(section.zh, section.en)
