"""An alarm port that remembers, for tests of parts that raise alarms."""


class RecordedAlarms:
    """Alarms that stand, by key, and how often each began."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.begun: list[str] = []

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:  # noqa: ARG002
        assert is_blocking
        if key not in self.standing:
            self.begun.append(key)
        self.standing[key] = text

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)

    def texts(self) -> list[str]:
        """What stands now."""
        return list(self.standing.values())
