"""Alarms that follow what stands after a step: begun, renewed where their text has changed, ended."""

from collections.abc import Iterable, Mapping

from warnstream.model.alarms import AlarmPort, AlarmText, kind_word


class StandingAlarms:
    """The alarms of some kinds, none of which keeps the node from being ready.

    Parameters
    ----------
    alarms : AlarmPort
    kinds : sequence of str
        First words of their keys.
    """

    def __init__(self, alarms: AlarmPort, *kinds: str) -> None:
        self._alarms, self._kinds = alarms, kinds
        self._texts: dict[str, AlarmText | None] = {}

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._texts = {key: None for key in standing if kind_word(key) in self._kinds}

    def show(self, texts: Mapping[str, AlarmText]) -> None:
        """These stand now, by their keys, and no others of these kinds."""
        for key, text in texts.items():
            if self._texts.get(key) != text:
                self._alarms.raise_alarm(key, text.en, is_blocking=False, zh=text.zh)
        for key in self._texts.keys() - texts.keys():
            self._alarms.end_alarm(key)
        self._texts = dict(texts)
