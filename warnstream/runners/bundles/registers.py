"""Registers of configurations of before, out of their bundles: a ledger of doors is followed through them."""

import logging
from collections.abc import Collection

from warnstream.adapters.bundles.store import BundleStore
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.network import Network
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.history.kept import keep_rows

log = logging.getLogger(__name__)


class Registers:
    """The registers of one node's bundles.

    Parameters
    ----------
    store : BundleStore
    """

    def __init__(self, store: BundleStore) -> None:
        self._store = store

    def __call__(self, fingerprint: str, villages: Collection[str]) -> Network | None:
        """That of a configuration, with a row for each village of those codes; None if it is gone."""
        shown = fingerprint[:12]
        try:
            kept = self._store.bundles()
            found = [bundle for bundle in kept if bundle.manifest.fingerprint == fingerprint]
            if not found:
                raise StoreError(f"no bundle of configuration {shown} is kept", retryable=False)
            configuration = load_bundle(found[-1])
        except WarnstreamError as error:
            said = {"configuration": shown, "error": str(error)}
            log.warning("doors are not followed through a register of before", extra=said)
            return None
        return keep_rows(configuration, (), None, villages).configuration.network
