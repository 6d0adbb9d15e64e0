"""Where a message or file that cannot be changed has its station, time, names and values, as declared."""

from dataclasses import dataclass

from warnstream.model.times import TimeZone

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
    zone : TimeZone
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
    zone: TimeZone = ()
    observations: tuple[str, ...] = (ITSELF,)
    name: str = ""
    value: str = ""
    unit: str = ""
    has_decimal_comma: bool = False
