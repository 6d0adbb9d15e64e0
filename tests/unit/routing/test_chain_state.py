"""The chain as bytes: villages are known by their codes, whatever numbers a register gives them."""

import pytest

from tests.unit.routing.villages import T0, numbers_of
from warnstream.model.level import Level
from warnstream.model.warning import Cause
from warnstream.routing.chain_state import ChainState, decode, encode
from warnstream.routing.debts import NEVER, Debt, Owed
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.turns import State, Turn

CODES = ("a", "b", "c", "d")


def state_of(a: int, b: int, c: int) -> ChainState:
    """A night in villages a, b and c, which a register has given these numbers; of c only a call is known."""
    turns = {a: Turn(State.CALLING, 2, Level.RED, 3), b: Turn(State.HEARD, 1, Level.YELLOW, 1)}
    debts = {
        "grid": Debt(
            owed={a: Owed(1, T0 + 300), b: Owed()},
            news={b: {"flood": Cause.ENDED}, a: {"slope": Cause.RAISED}},
            helps={"h1": 1, "h2": 2, "h3": 2},
            taken=["h3", "h2"],
            place=c,
        ),
        "town": Debt(place=b, n=2, opened_s=T0, issued_s=T0 + 60),
        "leader": Debt(),
    }
    calls = [HelpCall(f"h{n}", village, "door-1", 0, T0) for n, village in ((1, a), (2, b), (3, c))]
    turns[c] = Turn()
    return ChainState(T0 + 60, turns, debts, calls, 7, 5, [b, a], 99, {})


def test_the_same_register_gives_the_same_state() -> None:
    known = decode(encode(state_of(0, 1, 3), CODES), numbers_of(CODES))
    assert known.codes == {0: "a", 1: "b", 3: "d"}
    known.codes = {}
    assert known == state_of(0, 1, 3)


@pytest.mark.parametrize("codes", [("c", "b", "a", "d"), ("b", "c", "a"), ("x", "a", "y", "b", "c")])
def test_another_order_of_the_villages_gives_the_same_night(codes: tuple[str, ...]) -> None:
    known = decode(encode(state_of(0, 1, 2), CODES), numbers_of(codes))
    known.codes = {}
    assert known == state_of(codes.index("a"), codes.index("b"), codes.index("c"))


def test_a_village_that_is_gone_takes_its_turn_its_debts_and_its_calls_along() -> None:
    for codes in (("a",), ("x", "a")):
        a = codes.index("a")
        known = decode(encode(state_of(0, 1, 2), CODES), numbers_of(codes))
        assert known.turns == {a: Turn(State.CALLING, 2, Level.RED, 3)}
        assert known.to_review == [a]
        assert [(call.name, call.village) for call in known.calls] == [("h1", a)]
        assert known.debts["grid"] == Debt(
            owed={a: Owed(1, T0 + 300)}, news={a: {"slope": Cause.RAISED}}, helps={"h1": 1}
        )
        assert known.debts["town"] == Debt(n=2, opened_s=T0, issued_s=T0 + 60)
        assert [debt.place for debt in known.debts.values()] == [NEVER] * 3
        assert decode(encode(known, codes), numbers_of(codes)).turns == known.turns, "it can be kept again"


def test_a_village_is_known_by_its_code_if_only_a_post_calls_from_it() -> None:
    state = state_of(0, 1, 2)
    del state.turns[2]
    assert decode(encode(state, CODES), numbers_of(("c", "a", "b"))).debts["grid"].place == 0
    state = state_of(2, 1, 0)
    del state.turns[0]
    assert decode(encode(state, ("c", "b", "a")), numbers_of(CODES)).debts["grid"].place == 2, (
        "the first village too"
    )
    state = state_of(0, 1, 2)
    assert set(decode(encode(state, CODES), numbers_of(CODES)).codes.values()) == {"a", "b", "c"}


@pytest.mark.parametrize("kept", [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03"])
def test_other_bytes_are_refused_by_name(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not a snapshot of the chain: .+"):
        decode(kept, numbers_of(CODES))


def test_a_village_and_a_post_with_other_codes_go_on_with_their_night() -> None:
    before = state_of(0, 1, 2)
    before.turns[0].answered, before.turns[0].told = ["grid"], ["grid", "leader"]
    before.debts["grid"].n, before.reports.on_duty = 4, {"grid": T0}
    known = decode(encode(before, CODES), numbers_of(("a", "b", "c")) | {"d": 3}, {"grid": "new grid"})
    assert "grid" not in known.debts
    debt = known.debts["new grid"]
    assert (debt.n, debt.named, debt.owed[0]) == (4, "grid", Owed(1, T0 + 300))
    assert known.turns[0].answered == ["new grid"]
    assert known.turns[0].told == ["new grid", "leader"]
    assert known.reports.on_duty == {"new grid": T0}
    again = decode(encode(known, CODES), numbers_of(CODES), {"new grid": "third"})
    assert again.debts["third"].named == "grid", "its digests are one numbered sequence"
