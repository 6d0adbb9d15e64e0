"""Stations that speak as their makers taught them: mixed forms in one county, gateways, SL 651 by TCP.

`spoken` turns the simulator's flat JSON into what is sent. In a *mixed*
county each station has a form of its own, by seed: flat JSON, SenML or packed
readings, which stand under a topic word of their own (`write_decoders` tells
the node). Loggers that measure no more than a rain counter or a stage may
dial in by SL 651 instead; a report of theirs is a frame under
``$sl651/{address}``, which `station_sim.stations.dial_in` takes.

SL 651 carries the counter, not the amount beside it, and whole minutes. What
is no report, or has a unit of its own, has no frame: it goes to the broker as it came.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from station_sim.county.places import StationTable
from station_sim.errors import SimulatorError
from station_sim.message import DEFAULT_PREFIX, Message
from station_sim.seeds import share_of
from station_sim.stations.formats import ENCODERS, encoded, reports_of
from station_sim.stations.gateway import gather
from station_sim.stations.rtu import Rtu
from station_sim.topics import DIALLED_TOPIC, is_clock

FLAT = "flat_json"
MIXED = "mixed"
SL651 = "sl651"
FORMS = (FLAT, *ENCODERS, MIXED)

MIXED_SHARES = ((FLAT, 0.5), ("senml_json", 0.25), ("packed", 0.25))
"""Of the stations that do not dial in."""
SL651_SHARE = 0.5
"""Of the stations whose loggers could dial in."""

TOPIC_WORD = {"senml_json": "senml", "packed": "packed"}
"""Stands in the place of the kind in topics of a mixed county."""
_FORM_OF_WORD = {word: form for form, word in TOPIC_WORD.items()}


def address_of(station: int) -> str:
    """SL 651 address of the station in that row of stations.csv, counted from 0."""
    return f"{station + 1:010d}"


def may_dial_in(variables: tuple[str, ...]) -> bool:
    """Whether SL 651 carries all that a station measures: a rain counter, a stage, or both.

    >>> may_dial_in(("rain", "rain_total")), may_dial_in(("rain",)), may_dial_in(("stage", "temperature"))
    (True, False, False)
    """
    words = set(variables)
    return bool(words & {"rain_total", "stage"}) and words <= {"rain", "rain_total", "stage"}


def form_of(seed: int, code: str, variables: tuple[str, ...], *, dials_in: bool) -> str:
    """What a station of a mixed county speaks; without `dials_in` nobody speaks SL 651."""
    if dials_in and may_dial_in(variables) and share_of(seed, code, "dials in") < SL651_SHARE:
        return SL651
    left = share_of(seed, code, "form")
    for form, share in MIXED_SHARES:
        if left < share:
            return form
        left -= share
    return FLAT


def spoken(
    messages: Iterable[Message],
    stations: StationTable,
    seed: int,
    form: str,
    *,
    gateway_batch: int = 1,
    dials_in: bool = False,
) -> Iterable[Message]:
    """The stream as it is sent; clock beacons stay where they were. Faulty arguments raise at once.

    Parameters
    ----------
    messages : iterable of Message
        In flat JSON, as `Scenario.messages`.
    stations : StationTable
    seed : int
        Chooses who speaks what where `form` is ``mixed``.
    form : str
        One of `FORMS`.
    gateway_batch : int
        Gateways gather up to so many reports of one county, kind and minute; 1 gathers nothing.
    dials_in : bool
        Whether stations of a mixed county may dial in by SL 651.

    Raises
    ------
    SimulatorError
        If the form is another, or stations would dial in from a county that is not mixed.
    """
    if form not in FORMS:
        raise SimulatorError(f"expected a format of {', '.join(FORMS)}, got {form!r}")
    if dials_in and form != MIXED:
        raise SimulatorError(f"stations dial in by SL 651 where the format is {MIXED}, not {form}")
    if gateway_batch < 1:
        raise SimulatorError(f"expected 1 or more reports in a message, got {gateway_batch}")
    if form == MIXED:
        messages = _mixed(messages, stations, seed, dials_in=dials_in)
    if gateway_batch > 1:
        messages = gather(messages, gateway_batch)
    return chain.from_iterable(
        encoded(message, _form_on(message.topic) if form == MIXED else form) for message in messages
    )


def _form_on(topic: str) -> str:
    if topic.startswith(DIALLED_TOPIC):
        return FLAT  # frames stay as they are
    levels = topic.split("/")
    return _FORM_OF_WORD.get(levels[-3], FLAT) if len(levels) > 3 else FLAT


def _mixed(
    messages: Iterable[Message], stations: StationTable, seed: int, *, dials_in: bool
) -> Iterator[Message]:
    """The stream with the topic of each station's form, and frames of those that dial in."""
    number_of = {code: number for number, code in enumerate(stations.code)}
    form: dict[str, str] = {}
    rtus: dict[str, Rtu] = {}
    for message in messages:
        if is_clock(message.topic):
            yield message
            continue
        head, kind, code, tail = message.topic.rsplit("/", 3)
        if code not in form:
            words = stations.variables[number_of[code]] if code in number_of else ()
            form[code] = form_of(seed, code, words, dials_in=dials_in)
        if form[code] == SL651:
            rtu = rtus.setdefault(code, Rtu(address_of(number_of[code])))
            yield from _frames(message, rtu)
        else:
            word = TOPIC_WORD.get(form[code], kind)
            yield message._replace(topic=f"{head}/{word}/{code}/{tail}")


def _frames(message: Message, rtu: Rtu) -> Iterator[Message]:
    """A frame for each report, and beside them what no frame carries."""
    if message.n_readings == 0:
        yield message
        return
    reports, other = reports_of(message)
    topic = f"{DIALLED_TOPIC}{rtu.address.hex()}"
    for _, time_s, values in reports:
        frame = rtu.report(time_s, values.get("rain_total"), values.get("stage"))
        yield Message(message.time_s, topic, frame, 1)
    if other is not None:
        yield other


def add_speaker_options(parser: argparse.ArgumentParser, *, sends: bool) -> None:
    """``--format`` and ``--sl651-port``, and where messages are sent ``--gateway-batch``."""
    parser.add_argument(
        "--format",
        choices=FORMS,
        default=FLAT,
        help="form of the messages, mixed: each station its own; decoders: in warnstream.yaml must know it, "
        "as `county --format` writes it; default flat_json",
    )
    parser.add_argument(
        "--sl651-port",
        type=int,
        metavar="PORT",
        help="with --format mixed: half of the loggers that could dial in by SL 651 do so, to this port",
    )
    if sends:
        parser.add_argument(
            "--gateway-batch",
            type=int,
            default=1,
            metavar="N",
            help="gateways send up to N reports of a county, kind and minute in one message; default 1",
        )


def write_decoders(
    directory: Path,
    form: str,
    stations: StationTable,
    prefix: str = DEFAULT_PREFIX,
    sl651_port: int | None = None,
) -> None:
    """Add to a folder's warnstream.yaml, a copy of the demo's, how the node reads what `spoken` sends.

    With `sl651_port` a listener is opened, which knows every station that may dial in, whatever the seed.

    Raises
    ------
    SimulatorError
        If stations would dial in from a county that is not mixed.
    """
    if sl651_port is not None and form != MIXED:
        raise SimulatorError(f"stations dial in by SL 651 where the format is {MIXED}, not {form}")
    rules = [("+", FLAT if form == MIXED else form)]
    if form == MIXED:
        rules = [(word, own) for own, word in TOPIC_WORD.items()] + rules
    lines = ["", "decoders:"]
    lines += [f"  - {{topic: {prefix}/+/{word}/+/obs, format: {own}}}" for word, own in rules]
    if sl651_port is not None:
        lines += ["", "listeners:", "  sl651:", f"    port: {sl651_port}", "    stations:"]
        lines += [
            f"      {json.dumps(address_of(number))}: {json.dumps(code)}"
            for number, (code, words) in enumerate(zip(stations.code, stations.variables, strict=True))
            if may_dial_in(words)
        ]
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
