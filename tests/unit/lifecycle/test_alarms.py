"""The alarms of a node: begin, end, names, and what is sent to the duty posts."""

from hypothesis import given
from hypothesis import strategies as st

from warnstream.lifecycle.alarms import AGAIN_S, STANDING_MAX, AlarmBook
from warnstream.model.alarms import Alarm, AlarmSignal
from warnstream.model.warning import MessageStatus

T0 = 1_781_740_800


def begin(key: str, at_s: int = T0, text: str = "it is broken") -> AlarmSignal:
    return AlarmSignal(key, text, at_s, is_begin=True)


def end(key: str, at_s: int = T0 + 60) -> AlarmSignal:
    return AlarmSignal(key, "", at_s, is_begin=False)


def book() -> AlarmBook:
    return AlarmBook("ws", MessageStatus.ACTUAL)


def applied(alarms: AlarmBook, signal: AlarmSignal) -> Alarm:
    alarm = alarms.apply(signal)
    assert alarm is not None
    return alarm


def test_an_alarm_stands_from_its_begin_to_its_end() -> None:
    alarms = book()
    begun = applied(alarms, begin("disk"))
    assert alarms.standing == {"disk": begun}
    ended = applied(alarms, end("disk"))
    assert (ended.name, ended.ended_s) == (begun.name, T0 + 60)
    assert alarms.standing == {}


def test_what_stands_does_not_begin_again_and_what_does_not_stand_does_not_end() -> None:
    alarms = book()
    assert alarms.apply(end("disk")) is None
    alarms.apply(begin("disk"))
    assert alarms.apply(begin("disk", T0 + 5)) is None


def test_an_alarm_that_comes_back_soon_is_kept_but_not_sent_again() -> None:
    alarms = book()
    assert applied(alarms, begin("hazard:flood")).is_sent
    assert applied(alarms, end("hazard:flood")).is_sent
    again = applied(alarms, begin("hazard:flood", T0 + AGAIN_S - 1))
    assert not again.is_sent
    assert not applied(alarms, end("hazard:flood", T0 + AGAIN_S)).is_sent
    assert applied(alarms, begin("hazard:flood", T0 + AGAIN_S)).is_sent


def test_an_alarm_that_comes_back_soon_and_stands_on_is_sent_once_the_time_is_over() -> None:
    alarms = book()
    applied(alarms, begin("hazard:flood"))
    applied(alarms, end("hazard:flood"))  # the last word that is sent: it is over
    again = applied(alarms, begin("hazard:flood", T0 + 120))
    assert alarms.let_time_work(T0 + AGAIN_S - 1) == []
    (sent,) = alarms.let_time_work(T0 + AGAIN_S)
    assert (sent.name, sent.begun_s, sent.is_sent, sent.ended_s) == (again.name, T0 + 120, True, 0)
    restarted = book()
    restarted.restore(alarms.snapshot())
    assert restarted.let_time_work(T0 + 2 * AGAIN_S) == []
    assert applied(restarted, end("hazard:flood", T0 + AGAIN_S + 60)).is_sent
    assert not applied(restarted, begin("hazard:flood", T0 + AGAIN_S + 120)).is_sent


def test_standing_alarms_are_limited() -> None:
    alarms = book()
    for number in range(STANDING_MAX):
        alarms.apply(begin(f"hazard:{number}"))
    assert alarms.apply(begin("disk")) is None
    alarms.apply(end("hazard:7"))
    assert alarms.apply(begin("disk")) is not None


signals = st.lists(
    st.builds(
        AlarmSignal,
        st.sampled_from(["disk", "clock", "hazard:flood"]),
        st.just("text"),
        st.integers(T0, T0 + 3_000),
        st.booleans(),
    ),
    max_size=30,
)


@given(signals)
def test_no_two_alarms_ever_share_a_name(sent: list[AlarmSignal]) -> None:
    alarms = book()
    begun = [alarm for signal in sent if (alarm := alarms.apply(signal)) and not alarm.ended_s]
    assert len({alarm.name for alarm in begun}) == len(begun)


@given(signals, st.integers(0, 30))
def test_a_restored_book_goes_on_as_if_nothing_had_happened(sent: list[AlarmSignal], cut: int) -> None:
    whole, first, second = book(), book(), book()
    expected = [whole.apply(signal) for signal in sent]
    found = [first.apply(signal) for signal in sent[:cut]]
    second.restore(first.snapshot())
    found += [second.apply(signal) for signal in sent[cut:]]
    assert found == expected
    assert second.standing == whole.standing
