"""Why a document, or one alert of it, cannot be read."""

from warnstream.model.observations.refusals import RefusalReason


class AlertFaultError(Exception):
    """A reason with a name, and what was expected."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")
