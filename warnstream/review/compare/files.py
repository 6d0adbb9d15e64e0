"""compare.json, a comparison for scripts; beside it the page for people (`page`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

from warnstream.review.compare.comparison import Comparison, Judged, Row, VillageEpisode
from warnstream.review.compare.page import page_of
from warnstream.review.episodes import Outcome
from warnstream.review.report import verification_as_dict
from warnstream.review.verification import Verification

SCHEMA = "warnstream-compare/1"


def as_dict(comparisons: Sequence[Comparison], scores: Mapping[str, Verification | None]) -> dict[str, Any]:
    """Everything of the comparisons of one OLD; unknown numbers are None."""
    return {
        "schema": SCHEMA,
        "old": _judged(comparisons[0].old, scores),
        "comparisons": [
            {
                "new": _judged(comparison.new, scores),
                "villages_only_in_old": list(comparison.only_old),
                "villages_only_in_new": list(comparison.only_new),
                "told": {"old": asdict(comparison.told_old), "new": asdict(comparison.told_new)},
                "rows": [_row(row) for row in comparison.rows],
                "changed": [_episode(entry) for entry in comparison.changed],
            }
            for comparison in comparisons
        ],
    }


def write_comparisons(directory: Path, comparisons: Sequence[Comparison], record: dict[str, Any]) -> None:
    """Write both files; equal comparisons give equal bytes, but for the CPU seconds."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False)
    (directory / "compare.json").write_text(text + "\n", encoding="utf-8")
    (directory / "compare.html").write_text(page_of(comparisons), encoding="utf-8")


def _judged(judged: Judged, scores: Mapping[str, Verification | None]) -> dict[str, Any]:
    verification = scores.get(judged.name)
    return {
        "name": judged.name,
        "fingerprint": judged.fingerprint,
        "readings": judged.n_readings,
        "refused": judged.n_refused,
        "failures": judged.failures,
        "village_years": round(judged.village_years, 6),
        "stretches": [[part.begin_s, part.end_s] for part in judged.parts],
        "cpu_s": round(judged.cpu_s, 1),
        "verification": None if verification is None else verification_as_dict(verification),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "hazard": row.hazard,
        "level": row.level.word,
        "old": row.old,
        "new": row.new,
        **{str(outcome): row.outcomes[outcome] for outcome in Outcome},
        "earlier_min_median": _known(row.earlier_min),
        "later_min_median": _known(row.later_min),
        "split": row.split,
        "merged": row.merged,
        "highest_changed": row.highest_changed,
        "per_village_year": {
            "old": _known(row.rate.old),
            "new": _known(row.rate.new),
            "difference": _known(row.rate.difference),
            "low_90": row.rate.low,
            "high_90": row.rate.high,
            "event_days": row.rate.event_days,
        },
    }


def _episode(entry: VillageEpisode) -> dict[str, Any]:
    episode = entry.episode
    return {
        "hazard": entry.hazard,
        "village": entry.village,
        "level": episode.level.word,
        "outcome": str(episode.outcome),
        "shift_min": _known(episode.shift_min),
        "begin_s": episode.during.begin_s,
        "end_s": episode.during.end_s,
        "old": [[stretch.begin_s, stretch.end_s] for stretch in episode.old],
        "new": [[stretch.begin_s, stretch.end_s] for stretch in episode.new],
        "highest_old": episode.highest_old.word,
        "highest_new": episode.highest_new.word,
    }


def _known(number: float) -> float | None:
    return None if isnan(number) else number
