"""A bridge or a delivery node that has lost its place begins anew, and one that is asked to end does not."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from warnstream.commands.kafka.held import Held


@dataclass
class Role:
    """Runs until it is told how it ended."""

    has_lost: bool
    ran: list[int] = field(default_factory=list)
    number: int = 0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def readiness(self) -> tuple[bool, list[str]]:
        return not self.has_lost, [f"number {self.number}"]

    def run(self) -> None:
        self.ran.append(self.number)

    def ask_to_stop(self) -> None:
        self.ran.append(-1)


def test_who_lost_its_place_begins_anew_until_one_ends_in_good_order() -> None:
    ran: list[int] = []
    endings = [True, True, False]
    held = Held(lambda: Role(endings.pop(0), ran, 2 - len(endings)))
    assert held.readiness() == (False, ["number 0"])
    held.run()
    assert ran == [0, 1, 2]
    assert held.readiness() == (True, ["number 2"]), "of the present one"
    assert held.registry() is held.role.registry


def test_who_is_asked_to_end_does_not_begin_anew() -> None:
    ran: list[int] = []
    held = Held(lambda: Role(has_lost=True, ran=ran))
    held._end()
    held.run()
    assert ran == [-1, 0]
