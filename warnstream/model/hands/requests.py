"""What a person asks for by hand, in the words of people, before it is an order."""

import msgspec

from warnstream.model.errors import WarnstreamError


class OrderFaultsError(WarnstreamError):
    """An order is refused whole; `faults` are all of its faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class DrillStepRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A simulated change: when after the begin (``20min``), hazard, level; `villages` empty: all."""

    at: str
    hazard: str
    level: str
    villages: list[str] = []


class DrillRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A drill as people write it.

    Attributes
    ----------
    act : str
        start or stop.
    author, reason : str
    villages, townships : list of str
        Codes and names; of a start.
    hazard, level : str
        A simple rise; or `steps`, simulated changes in order of time.
    lasts : str
        A duration such as ``90min``; empty: an hour, or until ten minutes after the last step.
    announced : bool
        Posts are told first.
    drill : str
        Of a stop: the drill's name, or ``all``; empty where one alone is on.
    identifier : str
        The same one again changes nothing; empty: a new one.
    """

    act: str
    author: str
    reason: str
    villages: list[str] = []
    townships: list[str] = []
    hazard: str = ""
    level: str = ""
    steps: list[DrillStepRequest] = []
    lasts: str = ""
    announced: bool = False
    drill: str = ""
    identifier: str = ""


class OrderRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An order as people write it; what does not concern its kind is left out.

    Attributes
    ----------
    kind : str
        issue, raise, lower, end, correct, extend, silence, release, respond, transfer, transfer-over,
        leave-shelter, assess, return or transfer-close.
    author, reason : str
    villages, townships, rivers : list of str
        Codes of villages, names of townships, codes of river gauges: the villages that these warn.
    polygon : dict or None
        A GeoJSON geometry or feature: the villages in it.
    hazard, level : str
    lasts : str
        A duration such as ``45min``; empty: as long as the configuration says.
    second : str
        The person who agrees to red.
    alone : bool
        Red without a second person, on purpose.
    version : str
        Identifier of the last message that the author has seen.
    post, response, order : str
        Of a silence; of an order to respond; of a release of an order that waits, or of the close of a
        transfer list.
    zones, grades : list of str
        Codes of zones, whose villages are meant with them; grades A to D.
    by, onset : str
        Of a transfer: a clock or a time with its date.
    verdict : str
        Of an assessment: safe or unsafe.
    identifier : str
        The same one again changes nothing; empty: a new one.
    happened_at : str
        ISO 8601, with an offset or by the local clock: when it was in truth, of what is told late.
    """

    kind: str
    author: str
    reason: str
    villages: list[str] = []
    townships: list[str] = []
    rivers: list[str] = []
    polygon: dict[str, object] | None = None
    hazard: str = ""
    level: str = ""
    lasts: str = ""
    second: str = ""
    alone: bool = False
    version: str = ""
    post: str = ""
    response: str = ""
    order: str = ""
    zones: list[str] = []
    grades: list[str] = []
    by: str = ""
    onset: str = ""
    verdict: str = ""
    identifier: str = ""
    happened_at: str = ""
