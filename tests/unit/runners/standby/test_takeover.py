"""The word that a box is to lead is for the process that runs when it is given, and for no later one."""

import threading
from pathlib import Path

import pytest

from warnstream.adapters.standby.leadership import Leadership
from warnstream.commands.standby import takeover as command
from warnstream.model.errors import WarnstreamError
from warnstream.runners.standby.takeover import Takeover, ask


def test_a_word_that_a_crash_has_left_makes_no_later_process_lead(tmp_path: Path) -> None:
    ask(tmp_path)
    process = Takeover(tmp_path)
    assert process.is_asked
    process.forget()
    assert not process.is_asked


def test_whoever_asked_a_process_that_has_ended_meanwhile_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _s: Takeover(tmp_path).forget())
    with pytest.raises(WarnstreamError, match="was started anew meanwhile"):
        command._wait(tmp_path, "south")


@pytest.mark.parametrize("is_done", [True, False])
def test_an_answer_is_heard_though_the_word_is_gone_with_it(tmp_path: Path, is_done: bool) -> None:  # a case
    def answer() -> None:
        process = Takeover(tmp_path)
        while not process.is_asked:
            pass
        if is_done:
            process.done(Leadership("south", term=2, began=[(2, 8)]))
        else:
            process.refuse("it has nothing")

    thread = threading.Thread(target=answer)
    thread.start()
    if is_done:
        assert command._wait(tmp_path, "south") == "south leads: term 2, from entry 8 on"
    else:
        with pytest.raises(WarnstreamError, match="it has nothing"):
            command._wait(tmp_path, "south")
    thread.join()
