"""The files of a replay: warnings.jsonl, levels.parquet and summary.json.

``warnings.jsonl`` holds one line per warning message, in the order of issue,
complete enough to be read back; ``levels.parquet`` one row per change of a
village's level. Equal input gives equal bytes in both. ``summary.json`` also
holds the wall time, and so differs from run to run. Times are ISO 8601 UTC;
an unknown number is null, never NaN.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warnstream.delivery.render import texts_of
from warnstream.delivery.texts_en import ENGLISH
from warnstream.delivery.texts_zh import CHINESE
from warnstream.model.changes import Fact, LevelChange, Reason, Relayed
from warnstream.model.errors import ArchiveError
from warnstream.model.forecast import Expected
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.network import Network, Villages
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import iso_utc, parse_iso
from warnstream.model.warning import Cause, MessageReference, MessageStatus, MessageType, WarningMessage
from warnstream.review.verification import HazardScore, Verification

COMPARED = ("village", "hazard", "level", "msg_type", "crossed_at", "reason")
"""What makes two warning messages the same, whenever they were issued and arrived."""

_DECIMALS = 4


class Wording(Protocol):
    """The part of a `Configuration` that the texts of a warning need."""

    @property
    def network(self) -> Network:
        """Stations and villages."""

    @property
    def rules(self) -> tuple[HazardRule, ...]:
        """Names of the hazards."""

    @property
    def message(self) -> MessagePolicy:
        """Sender and local time."""


def write_warnings(path: Path, messages: Iterable[WarningMessage], wording: Wording) -> int:
    """Write warnings.jsonl; returns the number of lines.

    Parameters
    ----------
    path : Path
    messages : iterable of WarningMessage
        In the order of issue.
    wording : Wording
        The configuration: villages' codes and what the texts are made with.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in warning_lines(messages, wording):
            file.write(line + "\n")
            count += 1
    return count


def warning_lines(messages: Iterable[WarningMessage], wording: Wording) -> Iterator[str]:
    """The lines of warnings.jsonl, one JSON object per message, without line ends."""
    network, rules, policy = wording.network, wording.rules, wording.message
    for message in messages:
        texts = texts_of(message, network, rules, policy).texts
        village = network.villages.code[message.village]
        yield warning_line(message, village, texts[CHINESE.tag].text, texts[ENGLISH.tag].text)


def warning_line(message: WarningMessage, village: str, text_zh: str, text_en: str) -> str:
    """One line, without its end: a message, the code of its village and its texts."""
    record = _record(message, village)
    record["text_en"], record["text_zh"] = text_en, text_zh
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def read_warnings(path: Path, villages: Villages) -> list[WarningMessage]:
    """Messages of a warnings.jsonl, in its order.

    Parameters
    ----------
    path : Path
    villages : Villages
        Of the configuration that issued them.

    Raises
    ------
    ArchiveError
        If the file is missing or a line is not such a message; names the line and what is wrong.
    """
    index = villages.index_of_code()
    messages = []
    for number, record in _records(path):
        try:
            messages.append(_message(record, index))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise ArchiveError(f"{path}:{number}: not a warning message: {_say(error)}") from error
    return messages


def same_warnings(one: Path, other: Path) -> list[str]:
    """How two warnings.jsonl differ, whatever the times of issue and the order of lines.

    Parameters
    ----------
    one, other : Path

    Returns
    -------
    list of str
        One sentence per message that only one file has (`COMPARED` decides); empty if they agree.

    Raises
    ------
    ArchiveError
        If a file is missing or holds something else.
    """
    counts = [
        Counter(_identity(path, number, record) for number, record in _records(path)) for path in (one, other)
    ]
    differences = []
    for here, there, path in ((counts[0], counts[1], one), (counts[1], counts[0], other)):
        for identity, extra in sorted((here - there).items()):
            times = f" ({extra} times)" if extra > 1 else ""
            differences.append(f"only in {path}{times}: {identity}")
    return differences


def write_levels(path: Path, changes: Iterable[LevelChange], villages: Villages) -> int:
    """Write levels.parquet; returns the number of rows.

    Columns: ``time`` (engine time), ``crossed_at`` (event time), ``village``, ``hazard``,
    ``kind`` (rise, fall, sight_lost, sight_regained), ``level`` and ``previous`` (words).

    Parameters
    ----------
    path : Path
    changes : iterable of LevelChange
        In the order they happened.
    villages : Villages
    """
    rows = list(changes)
    utc = pa.timestamp("s", "UTC")
    table = pa.table(
        {
            "time": pa.array([row.at_s for row in rows], pa.int64()).cast(utc),
            "crossed_at": pa.array([row.crossed_at_s for row in rows], pa.int64()).cast(utc),
            "village": pa.array([villages.code[row.village] for row in rows], pa.string()),
            "hazard": pa.array([row.hazard for row in rows], pa.string()),
            "kind": pa.array([row.kind.value for row in rows], pa.string()),
            "level": pa.array([row.level.word for row in rows], pa.string()),
            "previous": pa.array([row.previous.word for row in rows], pa.string()),
        }
    )
    pq.write_table(table, path)
    return len(rows)


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay was given, what it found, and how good that was.

    Attributes
    ----------
    fingerprint, code_version : str
        Two runs that agree in both had the same configuration and code.
    n_readings : int
        Readings taken from the archive; `n_refused` and `n_flagged` are counts by reason and flag,
        `n_alerts` those of alerts of other services by what became of them.
    begin_s, end_s : int or None
        First and last observation; None for an empty archive.
    messages : sequence of WarningMessage
    villages : Villages
    verification : Verification or None
        None where no events were given.
    forecast : dict or None
        `ForecastSkill.as_dict` where forecasts were made.
    wall_s : float
    """

    fingerprint: str
    code_version: str
    n_readings: int
    begin_s: int | None
    end_s: int | None
    messages: Sequence[WarningMessage]
    villages: Villages
    wall_s: float
    n_refused: Mapping[str, int] = field(default_factory=dict)
    n_flagged: Mapping[str, int] = field(default_factory=dict)
    verification: Verification | None = None
    forecast: Mapping[str, Any] | None = None
    n_alerts: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The content of summary.json."""
        return {
            "configuration": self.fingerprint,
            "code_version": self.code_version,
            "wall_s": round(self.wall_s, 3),
            "readings": {
                "taken": self.n_readings,
                "refused": dict(self.n_refused),
                "flagged": dict(self.n_flagged),
                "from": None if self.begin_s is None else iso_utc(self.begin_s),
                "until": None if self.end_s is None else iso_utc(self.end_s),
            },
            "warnings": {
                "messages": len(self.messages),
                "by_type": dict(sorted(Counter(m.msg_type.value for m in self.messages).items())),
                "by_highest_level": _by_highest_level(self.messages),
                "first": _first(self.messages, self.villages),
            },
            "alerts": dict(self.n_alerts),
            "verification": None if self.verification is None else verification_as_dict(self.verification),
            "forecast": self.forecast,
        }


def write_summary(path: Path, summary: ReplaySummary) -> None:
    """Write summary.json."""
    text = json.dumps(_plain(summary.as_dict()), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def verification_as_dict(verification: Verification) -> dict[str, Any]:
    """Scores with unknown numbers as None; hazards and levels without events and warnings are left out."""
    scores = [_score(score) for score in verification.scores if score.outcomes or score.warnings]
    unscored = [asdict(event) for event in verification.unscored]
    return {"scores": scores, "unscored": unscored, "note": verification.note}


def _score(score: HazardScore) -> dict[str, Any]:
    numbers = {
        "pod": score.pod,
        "far": score.far,
        "csi": score.csi,
        "bias": score.bias,
        "lead_min_median": score.lead_min_median,
    }
    counts = ("hits", "late", "misses", "warnings", "verified", "undecided", "false_alarms")
    return {
        "hazard": score.hazard,
        "level_min": score.level.word,
        "events": len(score.outcomes),
        **{name: getattr(score, name) for name in counts},
        **{name: _known(number) for name, number in numbers.items()},
        "outcomes": [asdict(outcome) for outcome in score.outcomes],
    }


def _record(message: WarningMessage, village: str) -> dict[str, Any]:
    return {
        "identifier": message.identifier,
        "warning": message.warning,
        "version": message.version,
        "village": village,
        "hazard": message.hazard,
        "level": message.level.word,
        "previous": message.previous.word,
        "msg_type": message.msg_type.value,
        "status": message.status.value,
        "cause": message.cause.value,
        "crossed_at": iso_utc(message.crossed_at_s),
        "issued_at": iso_utc(message.sent_s),
        "onset": iso_utc(message.onset_s),
        "expires": iso_utc(message.expires_s),
        "blind": message.blind,
        "confirmed": message.confirmed,
        "unaffirmed_s": message.unaffirmed_s,
        "reason": None if message.reason is None else _reason_record(message.reason),
        "references": [
            {"identifier": reference.identifier, "issued_at": iso_utc(reference.sent_s)}
            for reference in message.references
        ],
    }


def _reason_record(reason: Reason) -> dict[str, Any]:
    record = asdict(reason)
    record["observed_until"] = iso_utc(record.pop("observed_until_s"))
    record["facts"] = [_numbers(fact) for fact in record["facts"]]
    if record["relayed"] is not None:
        record["relayed"]["sent"] = iso_utc(record["relayed"].pop("sent_s"))
    if reason.expected is not None:
        record["expected"] = _numbers(record["expected"]) | {"level": reason.expected.level.word}
    return _numbers(record)


def _numbers(record: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers rounded, and unknown ones as None."""
    return {name: _known(value) if isinstance(value, float) else value for name, value in record.items()}


def _message(record: dict[str, Any], index: dict[str, int]) -> WarningMessage:
    reason = record["reason"]
    return WarningMessage(
        identifier=record["identifier"],
        warning=record["warning"],
        version=record["version"],
        village=index[record["village"]],
        hazard=record["hazard"],
        level=parse_level(record["level"]),
        previous=parse_level(record["previous"]),
        msg_type=MessageType(record["msg_type"]),
        status=MessageStatus(record["status"]),
        cause=Cause(record["cause"]),
        sent_s=parse_iso(record["issued_at"]),
        crossed_at_s=parse_iso(record["crossed_at"]),
        onset_s=parse_iso(record["onset"]),
        expires_s=parse_iso(record["expires"]),
        reason=None if reason is None else _reason(reason),
        blind=record["blind"],
        unaffirmed_s=record.get("unaffirmed_s", 0),
        confirmed=record.get("confirmed", True),
        references=tuple(
            MessageReference(reference["identifier"], parse_iso(reference["issued_at"]))
            for reference in record["references"]
        ),
    )


def _reason(record: dict[str, Any]) -> Reason:
    fields = _unknown_as_nan(record)
    fields["observed_until_s"] = parse_iso(fields.pop("observed_until"))
    fields["ratio"] = record.get("ratio")
    fields["facts"] = tuple(Fact(**_unknown_as_nan(fact)) for fact in record.get("facts", ()))
    said = record.get("relayed")  # older lines have none
    fields["relayed"] = None if said is None else _relayed(said)
    expected = record.get("expected")
    fields["expected"] = None
    if expected is not None:
        fields["expected"] = Expected(**expected | {"level": parse_level(expected["level"])})
    return Reason(**fields)


def _relayed(record: dict[str, Any]) -> Relayed:
    said = dict(record)
    sent_s = parse_iso(said.pop("sent"))
    return Relayed(**said, sent_s=sent_s)


def _unknown_as_nan(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in record.items()}


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and JSON object of each line."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ArchiveError(f"{path}:{number}: not a warning message: expected a JSON object")
                yield number, record
    except json.JSONDecodeError as error:
        raise ArchiveError(f"{path}:{number}: not a line of JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: cannot be read: {error}") from error


def _identity(path: Path, number: int, record: dict[str, Any]) -> str:
    missing = [name for name in COMPARED if name not in record]
    if missing:
        raise ArchiveError(f"{path}:{number}: not a warning message: {', '.join(missing)} is missing")
    compared = {name: record[name] for name in ("crossed_at", *COMPARED)}
    return json.dumps(compared, ensure_ascii=False)


def _say(error: Exception) -> str:
    return f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)


def _by_highest_level(messages: Iterable[WarningMessage]) -> dict[str, dict[str, int]]:
    """Village warnings of each hazard by the highest level they reached."""
    highest: dict[tuple[str, str], Level] = {}
    for message in messages:
        key = (message.hazard, message.warning)
        highest[key] = max(highest.get(key, Level.NONE), message.level)
    counts = Counter((hazard, level) for (hazard, _), level in highest.items())
    hazards = sorted({hazard for hazard, _ in counts})
    return {hazard: {level.word: counts[hazard, level] for level in LEVELS} for hazard in hazards}


def _first(messages: Sequence[WarningMessage], villages: Villages) -> dict[str, dict[str, Any]]:
    """First message of each hazard at or above each level that was reached."""
    first: dict[str, dict[str, Any]] = {}
    names = ("village", "level", "crossed_at", "issued_at", "onset", "reason")
    for hazard in sorted({message.hazard for message in messages}):
        first[hazard] = {}
        for level in LEVELS:
            reached = (message for message in messages if message.hazard == hazard and message.level >= level)
            message = next(reached, None)
            if message is not None:
                record = _record(message, villages.code[message.village])
                first[hazard][level.word] = {name: record[name] for name in names}
    return first


def _known(number: float) -> float | None:
    return None if math.isnan(number) else round(number, _DECIMALS)


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's, and NaN as None, however deep."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
