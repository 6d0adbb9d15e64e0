"""What a running node shows of radar and models that tell of rain to come: alarms while out, metrics."""

from collections.abc import Iterable

from warnstream.adapters.metrics import Metrics
from warnstream.assessment.ahead.members import AheadState
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.forecast import ScoreState
from warnstream.model.times import TimeZone, date_and_clock_local
from warnstream.runners.live.watches.model_alarms import count_runs, texts_of_runs
from warnstream.runners.live.watches.standing_alarms import StandingAlarms

_SEEN = ("radar", "radar and gauges", "gauges")
SOURCES = (*_SEEN, *(f"{source} and model" for source in _SEEN))


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
        self._scores: tuple[ScoreState, ...] = ()

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._alarms.adopt(standing)

    def take(self, state: AheadState) -> None:
        """The situation after a step."""
        count_runs(self._metrics, state.runs)
        if state.radar:
            self._metrics.ahead_out.labels(state.radar).set(state.is_out)
            self._metrics.ahead_fields.labels(state.radar).inc(state.n_fields)
            for refused in state.refused:
                self._metrics.ahead_fields_refused.labels(state.radar, str(refused.reason)).inc()
        for source in SOURCES if state.source or state.radar else ():
            self._metrics.ahead_source.labels(source).set(source == state.source)
        self._count(state)
        texts = texts_of_runs(state.runs, self._time_zone)
        texts |= {f"ahead:{state.radar}": self._text_of(state)} if state.is_out else {}
        self._alarms.show(texts | {_key(score): _off_text(score) for score in state.scores if score.off})

    def _count(self, state: AheadState) -> None:
        """What became of probabilities, where any case has ended since."""
        if state.scores is self._scores:
            return
        self._scores, metrics = state.scores, self._metrics
        for score in state.scores:
            labels = score.source, _window(score), format_duration(score.within_s)
            metrics.ahead_off.labels(*labels).set(len(score.off))
            for tenth, (cases, came) in enumerate(zip(score.cases, score.came, strict=True)):
                if cases:
                    metrics.ahead_cases.labels(*labels, str(tenth)).set(cases)
                    metrics.ahead_came.labels(*labels, str(tenth)).set(came)

    def _text_of(self, state: AheadState) -> AlarmText:
        at = "" if state.newest_s < 0 else date_and_clock_local(state.newest_s, self._time_zone)
        since_en, since_zh = (f"since {at}", f"自{at}") if at else ("since the node began", "自启动")
        rest = ("rest on gauges alone", "仅依据雨量站") if state.stands_in else ("are not known", "无法给出")
        return AlarmText(
            f"radar {state.radar} is out: no field of it {since_en} that is young enough; probabilities of "
            f"rain ahead {rest[0]}",
            f"雷达{state.radar}中断：{since_zh}无可用拼图；超阈概率{rest[1]}",
        )


def _window(score: ScoreState) -> str:
    return "/".join(format_duration(duration_s) for duration_s in score.duration_s)


def _key(score: ScoreState) -> str:
    return f"ahead:{score.source} {_window(score)} {format_duration(score.within_s)}"


def _off_text(score: ScoreState) -> AlarmText:
    """The worst tenth speaks."""
    apart = {tenth: abs(score.said[tenth] - score.came[tenth]) / score.cases[tenth] for tenth in score.off}
    tenth = max(apart, key=lambda one: apart[one])
    cases = score.cases[tenth]
    said, came = score.said[tenth] / cases, score.came[tenth] / cases
    window, within = _window(score), format_duration(score.within_s)
    return AlarmText(
        f"probabilities by {score.source} of rain over {window} within {within} are off here: {said:.0%} was "
        f"said, {came:.0%} came ({cases} cases); they are not called calibrated",
        f"超阈概率（{window}，{within}内）与实况不符：预报{said:.0%}，实际{came:.0%}（{cases}例），不再视为经本地检验",
    )
