"""An explanation as a page of text for a duty officer, from its JSON values. Times are local."""

from collections.abc import Iterator
from typing import Any

from warnstream.model.effects import RecipientKind
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S, TimeZone, clock_local, iso_local, parse_iso
from warnstream.runners.explain.one_line import describe_duration
from warnstream.runners.explain.record import hour_of

Record = dict[str, Any]

_ORDER = [level.word for level in Level]
_LABEL = 13
"""Width of the first column under a hazard."""


def format_explanation(record: Record, time_zone: TimeZone) -> str:
    """The page, ending with a line end."""
    return "\n".join(_Page(record, time_zone).lines()) + "\n"


class _Page:
    def __init__(self, record: Record, time_zone: TimeZone) -> None:
        self._record = record
        self._time_zone = time_zone

    def lines(self) -> Iterator[str]:
        record = self._record
        yield from self._head()
        yield ""
        yield from (f"  {said}" for said in record["answer"])
        for caveat in record["caveats"]:
            yield f"  CAVEAT: {caveat}"
        for hazard in record["hazards"]:
            yield ""
            yield from self._hazard(hazard)
        for place in record["places"]:
            yield ""
            yield from self._place(place)
        yield from self._signs()
        yield ""
        yield from self._messages()
        yield from self._bulletins()
        yield ""
        yield from self._later()

    def _head(self) -> Iterator[str]:
        record, village = self._record, self._record["village"]
        names = ", ".join(name for name in (village["name"], village["township"], village["county"]) if name)
        asked_s, judged_s = parse_iso(record["asked"]), parse_iso(record["judged"])
        yield f"{village['code']} {names}"
        judged = iso_local(judged_s, self._time_zone)[11:19]
        asked = f"{iso_local(asked_s, self._time_zone)} ({record['asked']})"
        yield f"at {asked}, judged at {judged}, {record['known']}"

    def _hazard(self, hazard: Record) -> Iterator[str]:
        yield f"{hazard['hazard']}: {hazard['level'].upper()}  (thresholds: {hazard['source']})"
        for label in ("why", "why_not_lower", "why_not_higher"):
            yield from _labelled(label.removeprefix("why_").replace("_", " "), hazard[label])
        if hazard["failure"]:
            return
        several = len(hazard["places"]) > 1
        for place in hazard["places"]:
            zone = f"{place['zone']}: " if several else ""
            if place["note"]:
                yield from _labelled("ground", [f"{zone}{place['note']}"])
            rows = [
                zone + self._comparison(comparison) for comparison in _worth_telling(place["comparisons"])
            ]
            yield from _labelled("compared", rows)
            for condition in place["conditions"]:
                yield from _labelled(condition["level"], [condition["words"], *_condition(condition, 1)])
        yield from self._warning(hazard["warning"])

    def _comparison(self, one: Record) -> str:
        value = "unknown" if one["value"] is None else f"{one['value']:g} {one['unit']}".rstrip()
        text = "" if one["indicator"] == "rain" else f"{one['indicator'].replace('_', ' ')} "
        text += f"{value}"
        if one["indicator"] == "rain":
            text += f" in {describe_duration(one['duration_s'])}"
        if one["station"]:
            text += f" at {one['station']}"
        if one["lead_s"]:
            text += f" with {one['forecast_value']:g} within {describe_duration(one['lead_s'])}"
        reached = [
            f"{level} {threshold:g}{'*' if _is_reached(one, level) else ''}"
            for level, threshold in one["thresholds"].items()
        ]
        note = f"  ({one['note']})" if one["note"] else ""
        return f"{text:<34} {'  '.join(reached)}{note}"

    def _warning(self, warning: Record | None) -> Iterator[str]:
        if warning is None:
            return
        said = f"{warning['warning']}: {warning['state']}, {warning['level']}, message {warning['version']}"
        silent = [post for post in warning["called"] if post not in warning["answered"]]
        said += f"; posts called: {warning['posts_called']}, answered: {warning['posts_answered']}"
        said += f", no answer of {', '.join(silent)}" if silent else ""
        if warning["answer_by"]:
            said += f", an answer is due by {self._clock(warning['answer_by'])}"
        if warning["ended_or_affirmed_by"]:
            said += f"; by {warning['ended_or_affirmed_by']}: {warning['note']}"
        yield from _labelled("warning", [said])

    def _place(self, place: Record) -> Iterator[str]:
        sight = "BLIND" if place["blind"] else "PARTLY BLIND" if place["partly_blind"] else "sees"
        zone = f" of {place['zone']}" if place["zone"] else ""
        hour = hour_of(place["rain"])
        shown = "unknown" if hour["rain_mm"] is None else f"{hour['rain_mm']} mm"
        yield f"rain{zone}: {sight}, {place['heard']:.0%} of its gauges by weight are heard"
        shown += f" by grid {hour['grid']}" if hour["grid"] else ""
        yield f"  last hour {shown}, {hour['coverage']:.0%} of it observed; {_ahead(place)}"
        if place["soil_water_mm"] is not None:
            share = f"{place['earlier_rain_coverage']:.0%} of earlier rain observed"
            yield f"  soil water index {place['soil_water_mm']:g} mm, {share}"
        for station in place["stations"]:
            yield f"  {self._station(station)}"
        if not place["stations"]:
            yield "  no gauge lies within reach"

    def _station(self, one: Record) -> str:
        hour = hour_of(one["rain"])
        seen = f"last at {self._clock(one['observed_at'])}" if one["observed_at"] else "nothing observed"
        weight = f"weight {one['weight']:.0%}"
        if one["weight"] != one["own_weight"]:
            weight += f" (by itself {one['own_weight']:.0%})" if one["own_weight"] else " (farther gauge)"
        text = f"{one['station']:<8} {one['state']:<14} {weight}, {one['distance_m'] / 1000:.1f} km, {seen}"
        text += f", 1 h {hour['rain_mm']:g} mm of {hour['coverage']:.0%}"
        return f"{text}; {'; '.join(one['why_doubted'])}" if one["why_doubted"] else text

    def _signs(self) -> Iterator[str]:
        if self._record["signs"]:
            yield ""
        for sign in self._record["signs"]:
            yield f"sign {sign['kind']}: {sign['state']}, reported {sign['reports']} times"

    def _messages(self) -> Iterator[str]:
        messages = self._record["messages"]
        if not messages:
            yield "messages: none had been issued"
            return
        yield f"messages up to then: {len(messages)} (sent, delivered, answered: as known today)"
        for message in messages:
            what = f"{message['msg_type']} ({message['cause']}) {message['hazard']}"
            yield f"  {self._clock(message['issued_at'])} {what}"
            yield f"        {message['text_en']}"
            told = [_delivery_lines(told) for told in message["told"]]
            yield f"        to {', '.join(told) if told else 'nobody but the record of the village'}"

    def _bulletins(self) -> Iterator[str]:
        bulletins = self._record.get("bulletins", [])
        if not bulletins:
            yield "doors had been told nothing"
            return
        yield f"what its doors were told up to then: {len(bulletins)}"
        for bulletin in bulletins:
            what = f"{bulletin['action']} ({bulletin['cause']}), bulletin {bulletin['n']}"
            yield f"  {self._clock(bulletin['time'])} {what}"
            yield f"        {bulletin['text_en']}"
            told = [
                _delivery_lines(told) for told in bulletin["told"] if told["kind"] != RecipientKind.VILLAGE
            ]
            yield f"        to {', '.join(told) if told else 'nobody: the village has no doors'}"

    def _later(self) -> Iterator[str]:
        later = self._record["later"]
        if later is None:
            yield "readings that came later were not looked for (--known-now)"
            return
        count, own = later["readings"], later["own_readings"]
        yield f"came later: {count} readings observed by then, {own} of its gauges"
        for station in later["stations"]:
            span = f"{self._clock(station['first_observed'])} to {self._clock(station['last_observed'])}"
            yield (
                f"  {station['station']}: {station['readings']} observed {span}, "
                f"arrived by {iso_local(parse_iso(station['arrived_by']), self._time_zone)}"
            )
        yield from (f"  {said}" for said in later["differences"])

    def _clock(self, time: str) -> str:
        return clock_local(parse_iso(time), self._time_zone)


def _labelled(label: str, said: list[str]) -> Iterator[str]:
    for number, line in enumerate(said):
        yield f"  {label if number == 0 else '':<{_LABEL}} {line}"


def _worth_telling(comparisons: list[Record]) -> list[Record]:
    """Those with thresholds; of several leads of one kind the one that reaches most, if any rain comes."""
    chosen: dict[object, Record] = {}
    for comparison in comparisons:
        key = (
            comparison["indicator"],
            comparison["station"],
            comparison["duration_s"],
            comparison["lead_s"] > 0,
        )
        weight = _ORDER.index(comparison["level"]), comparison["value"] or 0.0
        known = chosen.get(key)
        if comparison["thresholds"] and (
            known is None or weight > (_ORDER.index(known["level"]), known["value"] or 0.0)
        ):
            chosen[key] = comparison
    return list(chosen.values())


def _condition(one: Record, depth: int) -> Iterator[str]:
    mark = "reached" if one["reached"] else "holds" if one["holding"] else "not"
    yield f"{'  ' * depth}{mark}: {one['condition']}"
    for part in one["parts"]:
        yield from _condition(part, depth + 1)


def _is_reached(one: Record, level: str) -> bool:
    """Whether the level that the value reached is that one or a higher one."""
    return _ORDER.index(one["level"]) >= _ORDER.index(level)


def _ahead(place: Record) -> str:
    known = [rain for rain in place["rain_ahead"] if rain["rain_mm"] is not None]
    if not known:
        return "no forecast"
    parts = [f"{rain['rain_mm']:.1f} mm in {_lead(rain['lead_s'])}" for rain in known]
    return "expected " + ", ".join(parts)


def _lead(lead_s: int) -> str:
    return f"{lead_s // MINUTE_S} min" if lead_s % HOUR_S else f"{lead_s // HOUR_S} h"


def _delivery_lines(told: Record) -> str:
    if told["kind"] == RecipientKind.VILLAGE:
        return "the village's topic"
    text = f"{told['addressed']} {told['kind']}{'s' if told['addressed'] != 1 else ''}"
    if told["sent"] is None:
        return text
    parts = [f"{told[name]} {name}" for name in ("sent", "delivered", "answered") if told[name]]
    return f"{text} ({', '.join(parts) or 'not sent yet'})"
