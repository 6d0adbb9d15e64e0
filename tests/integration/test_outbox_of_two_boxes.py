"""Two boxes have rows of their own: what became of them goes over, and answer links open on both."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.doors import LoggedOutbox
from tests.unit.adapters.county import (
    GRID_MEMBER,
    TOWN_LEADER,
    digest,
    network,
    rendered,
    told,
    warning_message,
)
from warnstream.adapters.outbox.outbox import Outbox, Rendered
from warnstream.adapters.outbox.post_links import is_of_post
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.delivery.dispatch.notification import Settlement, Signal, State
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest, DigestLine
from warnstream.model.effects import Answer, Effects, RecipientKind, RenderedDigest
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.warning import Cause, WarningMessage
from warnstream.runners.intake.standby_entries import decode_told, encode_told

NOW = 1_000.0
NETWORK = network()
TOKENS = Tokens(bytes(range(32)))
POSTS = (GRID_MEMBER, TOWN_LEADER)


def with_villages(one: WarningMessage | Bulletin | Digest) -> Rendered:
    """As `rendered`, with what is read again of a digest's record."""
    made = rendered(one)
    if not isinstance(made, RenderedDigest):
        return made
    villages = [
        {
            "village": "V1",
            "changed": [{"hazard": hazard, "cause": cause} for hazard, cause in line.changed],
            "standing": [{"hazard": hazard} for hazard, _ in line.standing],
        }
        for line in made.digest.lines
    ]
    return replace(made, record=msgspec.json.encode({"digest": one.identifier, "villages": villages}))


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[LoggedOutbox, LoggedOutbox]]:
    (tmp_path / "north").mkdir()
    (tmp_path / "south").mkdir()
    with (
        closing(LoggedOutbox(tmp_path / "north")) as north,
        closing(LoggedOutbox(tmp_path / "south")) as south,
    ):
        # What north had alone before: its rows have other numbers.
        north.record(told(warning_message(village=1)), NETWORK, rendered)
        for box in (north, south):
            box.record(told(warning_message(), posts=POSTS), NETWORK, with_villages)
        yield north, south


def keys(box: LoggedOutbox) -> dict[str, int]:
    """Numbers in links of what is to go to posts, by key."""
    claimed = box.claim("sms", 100, NOW)
    return {row.key: row.number for row in claimed if row.kind is RecipientKind.POST}


def of_posts(box: LoggedOutbox) -> dict[tuple[str, State], int]:
    """How many are in which state; topics of villages have another number on each box."""
    return {place: n for place, n in Outbox.counts(box).items() if place[0] == "sms"}


def test_what_one_has_told_the_other_does_not_tell(boxes: tuple[LoggedOutbox, LoggedOutbox]) -> None:
    north, south = boxes
    said: list[bytes] = []
    north.tell_rows = lambda settlements, at: said.append(encode_told(settlements, at))
    own = keys(north)
    north.settle({key: Settlement(Signal.SENT) for key in own}, NOW)
    for payload in said:
        south.take_told(*decode_told(payload))
        south.take_told(*decode_told(payload))
    assert own
    assert not own.keys() & keys(south).keys()
    assert south.counts().get(("sms", State.SENT)) == len(own)


@pytest.mark.parametrize("signal", [Signal.DEFERRED, Signal.RETURNED])
def test_what_one_has_only_tried_the_other_tells(
    boxes: tuple[LoggedOutbox, LoggedOutbox], signal: Signal
) -> None:
    north, south = boxes
    own = keys(north)
    south.take_told({key: Settlement(signal, NOW - 1, "busy") for key in own}, NOW)
    assert keys(south).keys() == own.keys()


@pytest.mark.parametrize(
    ("settlement", "comes_to"),
    [
        (Settlement(Signal.SENT), State.SENT),
        (Settlement(Signal.GIVEN_UP, reason="no such number"), State.FAILED),
        (Settlement(Signal.DEFERRED, NOW - 1, "busy"), State.SUPERSEDED),
        (Settlement(Signal.RETURNED, NOW - 1, "no route"), State.SUPERSEDED),
    ],
)
def test_what_one_had_in_hand_when_a_newer_one_came_is_the_same_on_both(
    boxes: tuple[LoggedOutbox, LoggedOutbox], settlement: Settlement, comes_to: State
) -> None:
    """The other one cannot know that it is in hand: it takes it for replaced until it hears of it."""
    north, south = boxes
    said: list[bytes] = []
    north.tell_rows = lambda settlements, at: said.append(encode_told(settlements, at))
    own = keys(north)
    for box in boxes:
        box.record(told(warning_message(version=2), posts=POSTS), NETWORK, rendered)
    assert of_posts(south)["sms", State.SUPERSEDED] == len(own)
    north.settle(dict.fromkeys(own, settlement), NOW)
    for _ in range(2):
        for payload in said:
            south.take_told(*decode_told(payload))
        assert of_posts(south) == of_posts(north)
        assert of_posts(south)["sms", comes_to] == len(own)
    assert keys(south).keys() == keys(north).keys(), "the newer one goes out on whichever box leads"


def end_of(post: ChainPost, n: int) -> Digest:
    """A digest that tells of an end alone."""
    line = DigestLine(0, Level.NONE, False, (), (("flash_flood", Cause.ENDED),), ())
    return replace(digest(post, n), lines=(line,), owed=(0, 0, 0, 0, 0), answer_by_s=0)


@pytest.mark.parametrize("signal", [Signal.SENT, Signal.GIVEN_UP, Signal.RECEIPT])
def test_who_heard_of_a_beginning_by_one_box_hears_the_end_by_the_other(
    boxes: tuple[LoggedOutbox, LoggedOutbox], signal: Signal
) -> None:
    """The end was recorded while the beginning was in hand: the other box took both for never told."""
    north, south = boxes
    began = Effects(digests=[digest(TOWN_LEADER, 4)])
    for box in boxes:
        box.record(began, NETWORK, with_villages)
    own = keys(north)
    ends = Effects(digests=[end_of(TOWN_LEADER, 5)])
    for box in boxes:
        box.record(ends, NETWORK, with_villages)
    begin, end = (f"{told.digests[0].identifier}|{TOWN_LEADER.post}|sms" for told in (began, ends))
    assert begin in own
    south.take_told({begin: Settlement(signal)}, NOW)
    assert end in keys(north)
    assert end in keys(south)


def test_a_receipt_goes_over_too(boxes: tuple[LoggedOutbox, LoggedOutbox]) -> None:
    north, south = boxes
    said: list[bytes] = []
    north.tell_rows = lambda settlements, at: said.append(encode_told(settlements, at))
    key = next(iter(keys(north)))
    assert north.mark_delivered(key, NOW)
    south.take_told(*decode_told(said[0]))
    assert south.counts()["sms", State.DELIVERED] == 1


def test_nothing_is_said_of_rows_that_are_not_known(boxes: tuple[LoggedOutbox, LoggedOutbox]) -> None:
    _, south = boxes
    before = south.counts()
    south.take_told({"never.1|grid-1|sms": Settlement(Signal.SENT)}, NOW)
    assert south.counts() == before


def test_a_link_of_one_box_opens_on_the_other(boxes: tuple[LoggedOutbox, LoggedOutbox]) -> None:
    north, south = boxes
    for key, number in keys(north).items():
        message, post, _ = key.split("|")
        assert is_of_post(number)
        token = TOKENS.issue(number, message, post)
        for box in boxes:
            found = TOKENS.number_in(token)
            assert found is not None
            page = box.addressed(found, lambda *given, token=token: TOKENS.proves(token, *given))
            assert page is not None
            assert (page.message.identifier, page.recipient) == (message, post)
            assert page.last_answer is None
        south.answer(message, post, Answer.ACKNOWLEDGED, 60)
        page = south.addressed(number, lambda *given, own=(message, post): given == own)
        assert page is not None
        assert page.last_answer is Answer.ACKNOWLEDGED


def test_a_link_that_is_not_proven_opens_nothing(boxes: tuple[LoggedOutbox, LoggedOutbox]) -> None:
    north, _ = boxes
    number = next(iter(keys(north).values()))
    assert north.addressed(number, lambda *_: False) is None
    assert north.addressed(number ^ 1, lambda *_: True) is None
