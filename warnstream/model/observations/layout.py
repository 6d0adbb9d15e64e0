"""Where a message or file that cannot be changed has its station, time, names and values, as declared."""

from dataclasses import dataclass

Zone = tuple[tuple[int, int], ...]
"""Since when, in seconds UTC, a local clock is ahead by how many seconds; ascending."""

ITSELF = "."
"""Path of the message itself, and the name of a message that is a bare number."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths are names of members with dots between them, looked for in an observation and then around it.

    Attributes
    ----------
    station, time : str
        Paths; empty: not told there. A message that tells no time is of the engine's last step.
    station_level, name_level : int
        Level of the topic, from 1, that names the station, or the variable of a bare number; 0: none.
    time_form : str
        Empty: ISO 8601 or a number since 1970; else a form of `warnstream.model.observations.time_forms`.
    zone : Zone
        Clock of times that name no zone; empty: such times are refused.
    observations : tuple of str
        Paths of the observations, through lists; `ITSELF` is the message.
    name, value, unit : str
        Paths within an observation that is one name and its value; empty: its members are names.
    has_decimal_comma : bool
        Whether numbers written as text have a comma.
    """

    station: str = ""
    time: str = ""
    station_level: int = 0
    name_level: int = 0
    time_form: str = ""
    zone: Zone = ()
    observations: tuple[str, ...] = (ITSELF,)
    name: str = ""
    value: str = ""
    unit: str = ""
    has_decimal_comma: bool = False


def local_to_utc_s(local_s: int, zone: Zone) -> int:
    """Seconds UTC of a local clock's seconds since 1970.

    Of the hour that a clock shows twice in autumn the first is taken; one that it leaves out in spring is
    counted on from before.

    >>> zone = ((0, 7200), (1_792_890_000, 3600))
    >>> [local_to_utc_s(at_s, zone) - at_s for at_s in (1_700_000_000, 1_792_894_000, 1_793_000_000)]
    [-7200, -7200, -3600]
    """
    found = local_s - zone[0][1]
    for number, (since_s, ahead_s) in enumerate(zone):
        utc_s = local_s - ahead_s
        until_s = zone[number + 1][0] if number + 1 < len(zone) else None
        if utc_s < since_s:
            break
        found = utc_s
        if until_s is None or utc_s < until_s:
            break
    return found
