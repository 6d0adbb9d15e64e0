"""Who may do what at a console, where; two officers on one version; what is read before it goes out."""

import itertools
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.console.acts import Done, Said, encode_said
from warnstream.adapters.console.frame import VERSION, Act
from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.adapters.ledger.listing import DoorState
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.ledger.states import Delivery, People
from warnstream.delivery.render import render_bulletin
from warnstream.duty import DutyDesk
from warnstream.engine import Engine
from warnstream.model.digests import HelpAssign
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DrillAct, DrillOrder
from warnstream.model.hands.orders import HandOrder, Operator, OrderKind, Role
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus
from warnstream.runners.build import Derived, assemble, build_intake, bulletin_wording, derive
from warnstream.runners.console.acts import Acts
from warnstream.runners.console.versions import version_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.duty import DutyIntake

T0 = 1_800_000_000
KINDS = (
    *(str(kind) for kind in OrderKind),
    "assign",
    "close",
    "see",
    "take_shift",
    "hand_over",
    "read",
    "confirm_move",
)
HAZARD = "flash_flood"
OF_SECONDS = ("release", "reject", "assess", "read", "confirm_move")
ANYWHERE = ("assign", "close", "take_shift", "hand_over", "reject", "confirm_move")
"""What names no village: whether it may be is asked of the call, the order or the row that is named."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=6, n_gauges=1)).write(directory)
    write_demo_config(directory)
    found = load_configuration(directory)
    first, last = found.network.villages.code[0], found.network.villages.code[-1]
    people = [
        Operator(f"{role}-{name}", name, role, area, "", post="C0001" if role is Role.OFFICER else "")
        for role in Role
        for name, area in (("all", "*"), ("first", first), ("last", last))
    ]
    # One hazard is enough for who may do what; the others make most of every node's first step.
    rules = tuple(rule for rule in found.rules if rule.name == HAZARD)
    operators = (*people, Operator("other", "Other", Role.OFFICER, "*", ""))
    return replace(found, operators=operators, rules=rules)


class Node:
    """A node's state without its threads: what is kept is an entry, and taken at once or when it is told."""

    def __init__(self, configuration: Configuration, derived: Derived) -> None:
        self.people = configuration
        self.intake = build_intake(configuration, engine=assemble(derived))
        self.duty = DutyIntake(
            DutyDesk(configuration.network.villages.code, ()), configuration.network.villages, is_watched=True
        )
        self.intake.duty = self.duty
        self.wake = lambda: None
        self.kept: list[tuple[str, bytes]] = []
        self.acts = Acts(configuration, self, self, self.doors_of, self)
        self.is_full = False
        self.now_s = T0
        self.drills: dict[str, list[str]] = {}
        self.real: set[str] = set()
        self.asked: list[DrillOrder] = []
        self.step()

    @property
    def engine(self) -> Engine:
        return self.intake.engine

    def ask(self, kind: str, payload: bytes, *, is_last: bool = False, told: Any = None) -> Future[None]:
        assert not is_last
        if self.is_full:
            raise StoreError("the node is stopping", retryable=True)
        self.kept.append((kind, payload))
        self.intake.consume(kind, payload)
        done: Future[None] = Future()
        told(len(self.kept))
        done.set_result(None)
        return done

    def step(self) -> Any:
        self.now_s += 60
        outcome = self.intake.consume(entries.TICK, entries.encode_tick(self.now_s))
        return outcome.steps[0][1].effects

    # Drills of the node, as far as acts ask for them.

    def running(self) -> dict[str, list[str]]:
        return self.drills

    def faults_now(self, order: DrillOrder) -> list[str]:
        return ["villages: something real stands in them"] if set(order.villages) & self.real else []

    def faults_of(self, order: DrillOrder) -> list[str]:
        self.asked.append(order)
        return self.faults_now(order)

    def records(self) -> list[DrillRecord]:
        return []

    def doors_of(self, village: int) -> list[DoorState]:
        codes = self.people.network.households.code
        rows = self.people.network.households.of_village(village)
        state, said = Delivery.SENT, People.SILENT
        return [DoorState(codes[row], f"+{row}", "sms", state, said, 1, T0) for row in rows]

    def act(self, by: str, kind: str, key: str = "key-1", seen: str = "", **said: Any) -> Done:
        answers: list[Done] = []
        content = encode_said(Said(kind, reason=said.pop("reason", "seen"), **said))
        self.acts.take(Act(VERSION, 1, by, key, seen, content), answers.append)
        (answer,) = answers
        return answer

    def warn(self, level: str, village: str) -> None:
        order = HandOrder(
            f"o{self.now_s}",
            OrderKind.ISSUE,
            "other",
            "test",
            (village,),
            HAZARD,
            Level[level.upper()],
            is_alone=True,
        )
        self.intake.consume(entries.ORDER, entries.encode_order(order))
        self.step()

    def seen(self, village: str) -> str:
        return version_of(self.engine.desk, self.people.network.villages.index_of_code()[village])


@pytest.fixture(scope="module")
def derived(county: Configuration) -> Derived:
    return derive(county)


@pytest.fixture
def node(county: Configuration, derived: Derived) -> Node:
    return Node(county, derived)


def first_of(node: Node) -> str:
    return node.people.network.villages.code[0]


def body_of(kind: str, village: str) -> dict[str, Any]:
    """An act of a kind that could be done, if the person may."""
    help_call = {"help": "none", "person": "somebody"}
    of_no_village: dict[str, dict[str, Any]] = {
        "assign": help_call,
        "close": help_call,
        "reject": {"order": "none"},
        "confirm_move": {"rows": ["none"]},
        "hand_over": {"person": "other"},
        "take_shift": {},
        "see": {"urgency": "B", "villages": [village]},
    }
    if kind in of_no_village:
        return of_no_village[kind]
    said: dict[str, Any] = {"villages": [village]}
    if kind == "respond":
        return {"response": "IV"}
    if kind not in ("silence", "release", "hold", "call-again"):
        said["hazard"] = HAZARD
    if kind in ("issue", "raise", "lower"):
        said["level"] = {"issue": "red", "raise": "red", "lower": "blue"}[kind]
    return said


@pytest.mark.parametrize(
    ("kind", "role", "area"), list(itertools.product(KINDS, Role, ("all", "first", "last")))
)
def test_every_act_by_every_role_in_every_area(node: Node, kind: str, role: Role, area: str) -> None:
    village = first_of(node)
    node.warn("orange", village)
    node.duty.desk.step([], node.now_s)
    before = len(node.kept)
    said = body_of(kind, village)
    done = node.act(f"{role}-{area}", kind, **said)
    may = role is Role.OFFICER or (role is Role.SECOND and kind in OF_SECONDS)
    is_inside = area in ("all", "first")
    if kind == "respond":
        is_inside = area == "all"
    if not may or (not is_inside and kind not in ANYWHERE):
        assert done.status == "forbidden", done
        assert len(node.kept) == before, "what is forbidden leaves no entry"
    else:
        assert done.status != "forbidden", done


def test_a_stranger_may_nothing(node: Node) -> None:
    for kind in KINDS:
        assert node.act("nobody", kind, **body_of(kind, first_of(node))).status == "forbidden"
    assert node.kept == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kind": 1}', b'{"kind": "end", "who": "me"}'])
def test_what_cannot_be_read_is_refused(node: Node, content: bytes) -> None:
    answers: list[Done] = []
    node.acts.take(Act(VERSION, 1, "officer-all", "k", "", content), answers.append)
    assert [answer.status for answer in answers] == ["refused"]


def test_two_officers_on_one_version(node: Node) -> None:
    village = first_of(node)
    node.warn("orange", village)
    seen = node.seen(village)
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "seen": seen}
    assert node.act("officer-all", "end", "key-1", **said).status == "taken"
    late = node.act("other", "lower", "key-2", level="blue", **said)
    assert late.status == "stale"
    assert "officer-all orders end there right now (seen)" in late.problems[0]
    node.step()
    late = node.act("other", "lower", "key-2", level="blue", **said)
    assert late.status == "stale"
    assert late.problems == ["now: nothing stands there any more"]


def test_the_same_key_is_the_same_act_of_that_person(node: Node) -> None:
    village = first_of(node)
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "orange", "alone": True}
    first = node.act("officer-all", "issue", "key-1", **said)
    assert first.status == "taken"
    assert node.act("officer-all", "issue", "key-1", **said) == first
    assert len(node.kept) == 1
    node.step()
    node.acts._known.clear()  # as after a restart: the desk knows it
    assert node.act("officer-all", "issue", "key-1", **said).status == "taken"
    assert len(node.kept) == 1


def test_a_key_of_another_act_is_not_taken_for_this_one(node: Node) -> None:
    first, last = node.people.network.villages.code[0], node.people.network.villages.code[-1]
    said: dict[str, Any] = {"hazard": HAZARD, "level": "orange", "alone": True}
    assert node.act("officer-all", "issue", "key-1", villages=[first], **said).status == "taken"
    for _ in range(2):
        other = node.act("officer-all", "issue", "key-1", villages=[last], **said)
        assert other.status == "refused"
        assert "another" in other.problems[0]
        assert len(node.kept) == 1
        node.step()
        node.acts._known.clear()  # as after a restart: the desk knows it


@pytest.mark.parametrize(
    ("kind", "level", "stands", "status"),
    [
        ("issue", "blue", "", "waits"),
        ("issue", "red", "", "waits"),
        ("raise", "orange", "yellow", "taken"),
        ("raise", "red", "yellow", "waits"),
        ("end", "", "orange", "taken"),
        ("end", "", "red", "waits"),
        ("correct", "", "red", "waits"),
        ("lower", "blue", "red", "waits"),
        ("lower", "blue", "orange", "taken"),
    ],
)
def test_red_and_what_takes_it_away_are_for_two(
    node: Node, kind: str, level: str, stands: str, status: str
) -> None:
    village = first_of(node)
    if stands:
        node.warn(stands, village)
    said: dict[str, Any] = {
        "villages": [village],
        "hazard": HAZARD,
        "level": level,
        "seen": node.seen(village),
    }
    done = node.act("officer-all", kind, **said)
    assert done.status == status, done
    before = node.engine.desk.levels().get(0, Level.NONE)
    node.step()
    if status == "waits":
        assert node.engine.desk.levels().get(0, Level.NONE) is before
        assert node.act("officer-all", "release", "own", order=done.order).status == "forbidden"
        assert node.act("second-all", "release", "agree", order=done.order).status == "taken"
        node.step()
    assert node.engine.desk.levels().get(0, Level.NONE) is not before


def test_a_person_of_another_area_agrees_to_nothing(node: Node) -> None:
    village = first_of(node)
    done = node.act("officer-all", "issue", villages=[village], hazard=HAZARD, level="red")
    node.step()
    assert node.act("second-last", "release", order=done.order).status == "forbidden"


def test_alone_is_for_one_who_says_so_and_stays_on_record(node: Node) -> None:
    village = first_of(node)
    node.warn("red", village)
    done = node.act(
        "officer-all", "end", villages=[village], hazard=HAZARD, alone=True, seen=node.seen(village)
    )
    assert done.status == "taken"
    order = entries.decode_order(node.kept[-1][1])
    assert (order.is_alone, order.asks_second, order.author) == (True, True, "officer-all")


def test_what_is_rehearsed_is_what_goes_out(node: Node) -> None:
    village = first_of(node)
    before = node.engine.desk.snapshot()
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "orange", "alone": True}
    done = node.act("officer-all", "issue", rehearse=True, **said)
    assert done.rehearsal is not None
    assert node.engine.desk.snapshot() == before, "a rehearsal changes nothing"
    assert node.kept == []
    (words,) = done.rehearsal.words
    assert done.rehearsal.posts > 0
    node.act("officer-all", "issue", **said)
    effects = node.step()
    from warnstream.runners.renderer import Renderer

    (bulletin,) = effects.bulletins
    renderer = Renderer(node.people, None, lambda: node.engine.desk)  # type: ignore[arg-type]
    assert renderer(bulletin).text_zh == words.zh
    assert done.rehearsal.posts == len({digest.post for digest in effects.digests})


def test_an_end_is_rehearsed_with_the_time_that_it_takes(node: Node) -> None:
    village = first_of(node)
    node.warn("orange", village)
    done = node.act("officer-all", "end", rehearse=True, villages=[village], hazard=HAZARD)
    assert done.rehearsal is not None
    (words,) = done.rehearsal.words
    assert words.later_s == node.people.bulletins.clear_after_s


def test_an_order_that_cannot_be_kept_may_be_given_again(node: Node) -> None:
    village = first_of(node)
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "orange", "alone": True}
    node.is_full = True
    assert node.act("officer-all", "issue", **said).status == "refused"
    node.is_full = False
    assert node.act("officer-all", "issue", **said).status == "taken"


def test_a_shift_is_taken_and_handed_over(node: Node) -> None:
    assert node.act("officer-all", "hand_over", "k0", person="other").problems
    assert node.act("officer-all", "take_shift", "k1").status == "taken"
    assert [(shift.person, shift.area, shift.post) for shift in node.duty.desk.shifts.of] == [
        ("officer-all", "*", "C0001")
    ]
    assert node.act("officer-all", "hand_over", "k2", person="reader-all").status == "refused"
    assert node.act("officer-all", "hand_over", "k3", person="other", reason="gauge 7").status == "taken"
    assert node.duty.desk.shifts.of[0].offered == "other"
    assert node.act("other", "take_shift", "k4").status == "taken"
    assert [shift.person for shift in node.duty.desk.shifts.of] == ["other"]


def test_an_alarm_is_seen_in_its_own_place_alone(node: Node) -> None:
    village = first_of(node)
    node.warn("red", village)
    node.step()
    (alarm,) = node.duty.desk.alarms.standing()
    assert node.act("officer-all", "see", "k1", urgency="C", villages=[village]).status == "refused"
    assert node.act("officer-all", "see", "k2", urgency="A", villages=[village]).status == "stale"
    assert node.act("officer-all", "see", "k3", urgency="B", villages=["nowhere"]).status == "refused"
    assert node.act("officer-all", "see", "k4", urgency="B", villages=[village]).status == "taken"
    assert alarm.seen_by == "officer-all"
    assert alarm.is_seen(node.now_s)


def test_a_call_that_somebody_has_is_not_given_to_another(node: Node) -> None:
    village = first_of(node)
    node.warn("red", village)
    door = node.people.network.households.code[0]
    bulletin = node.engine.desk.bulletins.last_of(node.engine.desk.message_status)[0]
    node.intake.consume(entries.ANSWER, entries.encode_answer(bulletin.identifier, door, Answer.NEED_HELP))
    node.step()
    (call,) = node.engine.desk.chains.calls
    assert node.act("officer-last", "assign", "k0", help=call.name, person="王五").status == "forbidden"
    assert node.act("officer-all", "assign", "k1", help=call.name, person=" ").status == "refused"
    assert node.act("officer-all", "assign", "k2", help=call.name, person="王五").status == "taken"
    action = entries.decode_help(node.kept[-1][1])
    assert action == HelpAssign(call.name, "officer-all", "王五")
    node.step()
    late = node.act("other", "assign", "k3", help=call.name, person="赵六")
    assert (late.status, late.problems) == ("stale", ["version: 王五 has the call already"])
    assert node.act("other", "assign", "k4", help="gone", person="赵六").status == "stale"


def test_what_is_personal_is_told_once_it_is_on_record(node: Node) -> None:
    village = first_of(node)
    done = node.act("second-all", "read", villages=[village])
    assert done.doors_of == len(done.doors) > 0
    assert done.doors[0].address == "+0"
    read = entries.decode_act(node.kept[-1][1])
    assert (read.kind, read.person, read.note) == ("read", "second-all", f"doors of {village} from 0")
    assert node.act("second-all", "read", "k2", villages=[village], cursor=3).doors[0].address == "+3"
    assert len(node.kept) == 2
    assert node.act("officer-all", "read", "k3", villages=["nowhere"]).status == "refused"
    node.is_full = True
    assert node.act("officer-all", "read", "k4", villages=[village]).doors == []


def test_after_a_change_of_the_configuration_people_are_those_of_now(county: Configuration) -> None:
    node = Node(county, derive(county))
    village = county.network.villages.code[0]
    node.warn("yellow", village)
    newcomer = Operator("newcomer", "New", Role.OFFICER, "*", "")
    others = tuple(operator for operator in county.operators if operator.person != "officer-all")
    changed = replace(county, operators=(*others, newcomer))
    raised: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "orange", "rehearse": True}
    assert node.act("officer-all", "raise", **raised).status == "rehearsed"
    assert node.act("newcomer", "raise", **raised).status == "forbidden"
    node.acts.go_by(changed)
    assert node.act("officer-all", "raise", **raised).status == "forbidden"
    assert node.act("officer-all", "read", villages=[village]).status == "forbidden"
    assert node.act("newcomer", "raise", **raised).status == "rehearsed"


def moving(node: Node, by: str = "officer-all") -> str:
    """A village is moved out; a row of its list."""
    village = first_of(node)
    assert node.act(by, "transfer", "t1", villages=[village], grades=["A", "B", "C", "D"]).status == "taken"
    node.step()
    (one,) = node.engine.desk.transfers.open
    return next(iter(one.rows))


def test_two_different_people_confirm_a_move(node: Node) -> None:
    row = moving(node)
    first = node.act("officer-all", "confirm_move", "m1", rows=[row])
    assert (first.status, first.order) == ("taken", "said_safe")
    node.step()
    again = node.act("officer-all", "confirm_move", "m2", rows=[row])
    assert again.status == "refused"
    assert "another person confirms it" in again.problems[0]
    assert node.act("second-last", "confirm_move", "m3", rows=[row]).status == "forbidden"
    second = node.act("second-all", "confirm_move", "m4", rows=[row])
    assert (second.status, second.order) == ("taken", "safe")
    node.step()
    known = node.engine.desk.transfers.row(row)
    assert known is not None
    assert (known.people, known.by) == (People.SAFE, "second-all")


def test_what_cannot_be_confirmed_is_said(node: Node) -> None:
    row = moving(node)
    assert node.act("officer-all", "confirm_move", "m0").status == "refused"
    assert node.act("officer-all", "confirm_move", "m1", rows=["gone", row]).status == "stale"
    assert node.act("officer-all", "confirm_move", "m2", rows=[row], word="flown").status == "refused"
    assert (
        node.act("officer-all", "confirm_move", "m3", rows=[row], word="back", reason=" ").status == "refused"
    )
    (one,) = node.engine.desk.transfers.open
    other = list(one.rows)[1]
    assert node.act("officer-all", "confirm_move", "m4", rows=[row]).status == "taken"
    node.step()
    mixed = node.act("second-all", "confirm_move", "m5", rows=[row, other])
    assert "confirm them apart" in mixed.problems[0]


def test_an_order_that_waits_is_refused_by_a_second_person_or_taken_back(node: Node) -> None:
    village = first_of(node)
    node.warn("red", village)
    for key, who in (("e1", "second-all"), ("e2", "officer-all")):
        asked = node.act("officer-all", "end", key, hazard=HAZARD, villages=[village])
        assert asked.status == "waits"
        node.step()
        assert node.act("second-last", "reject", f"x{key}", order=asked.order).status == "forbidden"
        assert node.act(who, "reject", f"r{key}", order=asked.order).status == "taken"
        node.step()
        assert node.engine.desk.hands.state.waiting == []
        assert node.act("second-all", "release", f"a{key}", order=asked.order).status == "refused"
    assert node.engine.desk.levels()[0] == Level.RED


def test_a_drill_is_read_begun_and_stopped_by_officers_of_its_villages(node: Node) -> None:
    village = node.people.network.villages.code[0]
    node.people = replace(node.people, message=replace(node.people.message, status=MessageStatus.ACTUAL))
    node.acts.go_by(node.people)
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "red", "lasts": "20min"}
    read = node.act("other", "drill_start", rehearse=True, **said)
    assert read.status == "rehearsed", read.problems
    assert read.rehearsal is not None
    assert (read.rehearsal.villages, len(read.rehearsal.words), read.rehearsal.is_exercise) == (1, 1, True)
    assert read.rehearsal.posts > 0
    assert not node.asked, "who only reads keeps no village for a drill"
    assert not node.kept

    begun = node.act("other", "drill_start", key="d-1", **said)
    assert begun.status == "taken"
    ((kind, payload),) = node.kept
    order = entries.decode_drill(payload)
    assert (kind, order.act, order.villages, order.is_announced) == (
        entries.DRILL,
        DrillAct.START,
        (village,),
        False,
    )
    assert node.act("other", "drill_start", key="d-1", **said).order == begun.order, "done once"
    assert len(node.kept) == 1

    node.drills = {"d1": [village]}
    assert node.act("other", "drill_stop", key="d-2", order="elsewhere").status == "refused"
    assert node.act("other", "drill_stop", key="d-3", order="d1").status == "taken"
    node.real = {village}
    assert node.act("other", "drill_start", key="d-4", **said).problems == [
        "villages: something real stands in them"
    ]


@pytest.mark.parametrize("kind", ["drill_start", "drill_stop"])
def test_nobody_else_begins_or_stops_a_drill(node: Node, kind: str) -> None:
    for person in node.people.operators:
        if person.role is not Role.OFFICER:
            assert node.act(person.person, kind, villages=["V"]).status == "forbidden"
    assert not node.kept


@pytest.mark.parametrize("kind", ["issue", "raise"])
def test_the_second_person_reads_the_words_of_the_first(node: Node, kind: str) -> None:
    village = node.people.network.villages.code[0]
    if kind == "raise":
        node.warn("yellow", village)
    said: dict[str, Any] = {"villages": [village], "hazard": HAZARD, "level": "red"}
    first = node.act("officer-all", kind, rehearse=True, **said)
    asked = node.act("officer-all", kind, key="for-two", seen=node.seen(village), **said)
    assert asked.status == "waits", asked.problems
    node.step()
    second = node.act("second-all", "release", rehearse=True, order=asked.order)
    assert first.rehearsal is not None
    assert second.rehearsal is not None
    assert first.rehearsal.words
    assert second.rehearsal.words == first.rehearsal.words
    assert second.rehearsal.posts == first.rehearsal.posts


def test_a_return_is_read_by_both_and_told_in_those_words(node: Node) -> None:
    village = node.people.network.villages.code[0]

    def given(kind: str, **said: Any) -> Done:
        done = node.act("officer-all", kind, key=f"r-{kind}", villages=[village], **said)
        assert done.status in ("taken", "waits"), done.problems
        node.step()
        return done

    given("transfer")
    early = node.act("officer-all", "return", rehearse=True, villages=[village])
    assert any("not over" in problem for problem in early.problems)
    given("transfer-over")
    given("assess", verdict="safe")
    first = node.act("officer-all", "return", rehearse=True, villages=[village])
    assert first.rehearsal is not None, first.problems
    assert first.rehearsal.is_for_two
    asked = given("return")
    assert asked.status == "waits"
    second = node.act("second-all", "release", rehearse=True, order=asked.order)
    assert second.rehearsal is not None, second.problems
    assert second.rehearsal.words == first.rehearsal.words
    (words,) = first.rehearsal.words
    node.act("second-all", "release", key="r-agreed", order=asked.order)
    (told,) = node.step().to_doors
    wording = bulletin_wording(node.people)
    assert render_bulletin(told, wording).text_en == words.en
