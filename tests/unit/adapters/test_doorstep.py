"""Who waits before they have said who they are, and who goes when one too many comes."""

from warnstream.adapters.doorstep import Doorstep


class Visitor:
    def __init__(self, host: str, *, is_answering: bool = False) -> None:
        self.host, self.is_answering = host, is_answering
        self.reasons: list[str] = []

    def turn_away(self, reason: str, detail: str) -> None:
        self.reasons.append(reason)
        assert detail


def test_a_flood_from_one_address_pushes_itself_out_and_nobody_else() -> None:
    doorstep = Doorstep(10)
    stations = [Visitor(f"10.0.0.{n}") for n in range(5)]
    flood = [Visitor("10.9.9.9") for _ in range(1_000)]
    for guest in [*stations, *flood]:
        doorstep.enter(guest)
    assert not any(station.reasons for station in stations)
    assert sum(bool(decision.reasons) for decision in flood) == 995
    assert not any(decision.reasons for decision in flood[-5:]), "the oldest go first"


def test_who_waits_for_a_password_to_be_checked_is_not_pushed_out() -> None:
    doorstep = Doorstep(2)
    waiting = [Visitor("10.0.0.1", is_answering=True) for _ in range(2)]
    late = Visitor("10.0.0.2")
    for guest in [*waiting, late]:
        doorstep.enter(guest)
    assert late.reasons == ["too_many"]
    assert not any(decision.reasons for decision in waiting)


def test_who_is_known_or_gone_takes_no_room() -> None:
    doorstep = Doorstep(1)
    first, second = Visitor("a"), Visitor("a")
    doorstep.enter(first)
    doorstep.leave(first)
    doorstep.enter(second)
    assert (first.reasons, second.reasons, len(doorstep)) == ([], [], 1)
