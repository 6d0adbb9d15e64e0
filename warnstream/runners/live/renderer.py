"""Texts and documents of what a node tells; what had to be replaced by a plain text is counted and logged."""

import logging
from collections.abc import Callable

from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_any
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.effects import RenderedBulletin, RenderedDigest, RenderedMessage
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import bulletin_wording

log = logging.getLogger(__name__)


class Renderer:
    """Renders messages and bulletins for the outbox; never fails.

    Parameters
    ----------
    configuration : Configuration
    metrics : Metrics
    note_of : callable
        Why the duty officer ended the warning of a message; empty for any other message.
    """

    def __init__(
        self, configuration: Configuration, metrics: Metrics, note_of: Callable[[WarningMessage], str]
    ) -> None:
        self._policy = configuration.message
        self._wording = bulletin_wording(configuration)
        self._metrics = metrics
        self._note_of = note_of

    def __call__(
        self, one: WarningMessage | Bulletin | Digest
    ) -> RenderedMessage | RenderedBulletin | RenderedDigest:
        """Texts and document of one message, bulletin or digest."""
        note = self._note_of(one) if isinstance(one, WarningMessage) else ""
        rendered = render_any(one, self._wording, self._policy, note)
        if rendered.faults:
            self._metrics.plain_texts.inc()
            log.error(
                "a text could not be written, a plain one goes out",
                extra={"identifier": one.identifier, "faults": "; ".join(rendered.faults)},
            )
        return rendered
