"""What a running node shows of the radar that tells of rain to come: an alarm while it is out, metrics."""

from collections.abc import Iterable

from warnstream.adapters.metrics import Metrics
from warnstream.assessment.ahead.members import AheadState
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.times import TimeZone, date_and_clock_local
from warnstream.runners.live.watches.standing_alarms import StandingAlarms

SOURCES = ("radar", "radar and gauges", "gauges")


class AheadWatch:
    """Alarms of kind ``ahead``, which leave the node ready: what has fallen is judged as ever.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    time_zone : TimeZone
        Of the time in texts.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics, time_zone: TimeZone) -> None:
        self._alarms, self._metrics, self._time_zone = StandingAlarms(alarms, "ahead"), metrics, time_zone

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._alarms.adopt(standing)

    def take(self, state: AheadState) -> None:
        """The situation after a step."""
        if state.radar:
            self._metrics.ahead_out.labels(state.radar).set(state.is_out)
            self._metrics.ahead_fields.labels(state.radar).inc(state.n_fields)
            for refused in state.refused:
                self._metrics.ahead_fields_refused.labels(state.radar, str(refused.reason)).inc()
        for source in SOURCES if state.source or state.radar else ():
            self._metrics.ahead_source.labels(source).set(source == state.source)
        self._alarms.show({f"ahead:{state.radar}": self._text_of(state)} if state.is_out else {})

    def _text_of(self, state: AheadState) -> AlarmText:
        at = "" if state.newest_s < 0 else date_and_clock_local(state.newest_s, self._time_zone)
        since_en, since_zh = (f"since {at}", f"自{at}") if at else ("since the node began", "自启动")
        rest = ("rest on gauges alone", "仅依据雨量站") if state.stands_in else ("are not known", "无法给出")
        return AlarmText(
            f"radar {state.radar} is out: no field of it {since_en} that is young enough; probabilities of "
            f"rain ahead {rest[0]}",
            f"雷达{state.radar}中断：{since_zh}无可用拼图；超阈概率{rest[1]}",
        )
