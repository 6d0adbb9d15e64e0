from itertools import product

import pytest

from warnstream.delivery.ledger.states import (
    DELIVERED_BY,
    PEOPLE_AFTER,
    People,
    Result,
    Said,
    after,
)


@pytest.mark.parametrize(("state", "said"), list(product(People, Said)))
def test_what_a_door_says_itself_never_ends_its_call_for_help(state: People, said: Said) -> None:
    is_open = state in (People.HELP, People.ASSIGNED)
    if is_open and said is not Said.CONFIRM:
        assert after(state, said) in (People.HELP, People.ASSIGNED)


def test_every_result_and_everything_said_stands_in_a_table() -> None:
    assert (set(DELIVERED_BY), set(PEOPLE_AFTER)) == (set(Result), set(Said))


def test_help_can_be_called_from_every_state_without_an_open_call() -> None:
    assert {after(state, Said.CALL) for state in People} == {People.HELP, People.ASSIGNED}
