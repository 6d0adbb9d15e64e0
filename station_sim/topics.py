"""MQTT topics that stations, the clock, household devices and answers use.

| topic | content |
|---|---|
| ``{prefix}/{county}/{kind}/{station}/obs`` | reports; `kind` is ``rain``, ``river``, ``slope``, ``street`` |
| ``{prefix}/clock`` | simulated time |
| ``{prefix}/grid/{name}`` | says that a grid of rain has a new file |
| ``{prefix}/device/{recipient}`` | notifications to a household or post |
| ``{prefix}/answer/{recipient}`` | its answers |
"""

_CLOCK = "clock"
_RESERVED = "/+#\x00"

DIALLED_TOPIC = "$sl651/"
"""Before the address of a station that dials in; no topic of a broker."""


def topic_level(word: str) -> str:
    """A word as one level of a topic: what MQTT reserves becomes an underscore."""
    return "".join("_" if letter in _RESERVED else letter for letter in word)


def observation_topic(prefix: str, county: str, kind: str, station: str) -> str:
    """Topic of a station's reports.

    >>> observation_topic("ws", "Liandu", "rain", "R0001")
    'ws/Liandu/rain/R0001/obs'
    """
    return f"{prefix}/{topic_level(county)}/{kind}/{topic_level(station)}/obs"


def clock_topic(prefix: str) -> str:
    """Topic of the clock beacons."""
    return f"{prefix}/{_CLOCK}"


def grid_topic(prefix: str, name: str) -> str:
    """Topic that tells of new files of a grid."""
    return f"{prefix}/grid/{topic_level(name)}"


def is_clock(topic: str) -> bool:
    """Whether a message on this topic is a clock beacon."""
    return topic.rpartition("/")[2] == _CLOCK


def device_filter(prefix: str) -> str:
    """Filter of the notifications to all devices."""
    return f"{prefix}/device/+"


def answer_topic(prefix: str, recipient: str) -> str:
    """Where a recipient answers if the notification does not say."""
    return f"{prefix}/answer/{topic_level(recipient)}"


def report_topic(prefix: str, recipient: str) -> str:
    """Where a recipient reports: on duty, patrols, heads by number."""
    return f"{prefix}/report/{topic_level(recipient)}"
