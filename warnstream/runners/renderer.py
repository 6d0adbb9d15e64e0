"""Texts and documents of what a node tells; what had to be replaced by a plain text is counted and logged."""

import logging
from collections.abc import Callable

from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_any
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.network import Villages
from warnstream.model.warning import Cause, WarningMessage
from warnstream.runners.build import bulletin_wording

log = logging.getLogger(__name__)


class Renderer:
    """Renders messages and bulletins for the outbox; never fails.

    Parameters
    ----------
    configuration : Configuration
    metrics : Metrics
    desk : callable
        The desk, which knows why the duty officer ended a warning.
    """

    def __init__(
        self, configuration: Configuration, metrics: Metrics, desk: Callable[[], WarningDesk]
    ) -> None:
        self._policy = configuration.message
        self._wording = bulletin_wording(configuration)
        self._metrics = metrics
        self._desk = desk

    def __call__(
        self, one: WarningMessage | Bulletin | Digest
    ) -> RenderedMessage | RenderedBulletin | RenderedDigest:
        """Texts and document of one message, bulletin or digest."""
        note = ""
        if isinstance(one, WarningMessage) and (one.by_hand or one.cause is Cause.CANCELLED):
            status = self._desk().status(one.warning)
            note = status.note if status is not None else ""
        rendered = render_any(one, self._wording, self._policy, note)
        if rendered.faults:
            self._metrics.plain_texts.inc()
            log.error(
                "a text could not be written, a plain one goes out",
                extra={"identifier": one.identifier, "faults": "; ".join(rendered.faults)},
            )
        return rendered


def no_end_of(desk: WarningDesk, villages: Villages) -> frozenset[tuple[str, str]]:
    """Village code and status of what stands: such an end waits in the outbox until it is true."""
    return frozenset((villages.code[village], str(status)) for village, status in desk.bulletins.no_end())
