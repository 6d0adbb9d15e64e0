"""What a running node shows of weather models: metrics, and a text while one has no young run."""

from collections.abc import Sequence

from warnstream.adapters.metrics import Metrics
from warnstream.model.alarms import AlarmText
from warnstream.model.runs.model_run import RunState
from warnstream.model.times import TimeZone, date_and_clock_local


def count_runs(metrics: Metrics, runs: Sequence[RunState]) -> None:
    """Metrics of every model."""
    for state in runs:
        name = state.forecast
        metrics.forecast_out.labels(name).set(state.is_out)
        metrics.forecast_used.labels(name).set(state.is_used)
        metrics.forecast_runs.labels(name).inc(state.n_runs)
        if state.reference_s >= 0:
            metrics.forecast_age.labels(name).set(state.age_s)
        for refused in state.refused:
            metrics.forecast_runs_refused.labels(name, str(refused.reason)).inc()


def texts_of_runs(runs: Sequence[RunState], time_zone: TimeZone) -> dict[str, AlarmText]:
    """Alarms of models that are out, by key, with what is known without them."""
    used = next((state.forecast for state in runs if state.is_used), "")
    none_en = "rain ahead is known for 3 h at most, no deadline of a transfer can be kept"
    rest_en = f"{used} takes its place" if used else none_en
    rest_zh = f"改用{used}" if used else "降雨预报最多3小时，无法保证转移时限"
    found = {}
    for state in runs:
        if not state.is_out:
            continue
        at = date_and_clock_local(state.reference_s, time_zone) if state.reference_s >= 0 else ""
        newest_en = f"its newest run is of {at}" if at else "no run has come since the node began"
        newest_zh = f"最新起报{at}" if at else "自启动无完整资料"
        found[f"ahead:forecast {state.forecast}"] = AlarmText(
            f"forecast {state.forecast} is out: {newest_en}; {rest_en}",
            f"模式预报{state.forecast}中断：{newest_zh}；{rest_zh}",
        )
    return found
