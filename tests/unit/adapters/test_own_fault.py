import errno
import socket

import pytest

from warnstream.adapters.channels.own_fault import OWN_ERRNOS, own_fault


@pytest.mark.parametrize("number", sorted(OWN_ERRNOS))
def test_every_fault_of_this_machine_is_known_and_told(number: int) -> None:
    assert own_fault(OSError(number, "x")) == OWN_ERRNOS[number]


def test_a_cause_behind_other_errors_is_found() -> None:
    outer = RuntimeError("could not connect")
    outer.__cause__ = ExceptionGroup("all attempts failed", [ValueError(), OSError(errno.ENETUNREACH, "x")])
    assert "no route" in own_fault(outer)


def test_a_name_that_cannot_be_looked_up_is_our_fault() -> None:
    assert "looked up" in own_fault(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"))


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(errno.ECONNREFUSED, "x"), TimeoutError(), RuntimeError("x")]
)
def test_what_the_other_side_does_is_not_our_fault(error: Exception) -> None:
    assert own_fault(error) == ""


def test_errors_in_a_circle_end() -> None:
    first, second = RuntimeError(1), RuntimeError(2)
    first.__context__, second.__context__ = second, first
    assert own_fault(first) == ""
