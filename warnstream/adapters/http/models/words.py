"""Types of single fields that several read models share."""

from typing import Annotated

from msgspec import Meta

from warnstream.model.level import Level

Text = Annotated[str, Meta(min_length=1)]
"""A text that is not empty."""

TimeUtc = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", extra_json_schema={"format": "date-time"})
]
"""A second in UTC, as `warnstream.model.times.iso_utc` writes it."""

LevelWord = Annotated[str, Meta(pattern=f"^({'|'.join(level.word for level in Level)})$")]
"""Word of a level; ``none`` where there is none."""

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Part of a whole."""

Count = Annotated[int, Meta(ge=0)]
