"""Signs and the ratio to critical as the HTTP interface lists them; what posts may say."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.adapters.http.models.posts import SignRecord
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.model.arrays import Float64Array
from warnstream.model.effects import OperatorAffirm
from warnstream.model.network import Network
from warnstream.model.observations.signs import STANDING, Sign
from warnstream.runners.explain.records import may_read_names, sign_record

log = logging.getLogger(__name__)

RATIOS_SHOWN_MAX = 20
"""Villages nearest to critical rainfall that are named."""


def ratio_records(
    ratio: Mapping[str, Float64Array], village_codes: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Villages nearest to critical rainfall by hazard, the nearest first."""
    found = {}
    for hazard, of_village in ratio.items():
        known = np.flatnonzero(of_village > 0)
        order = known[np.argsort(-of_village[known], kind="stable")][:RATIOS_SHOWN_MAX]
        found[hazard] = {village_codes[village]: round(float(of_village[village]), 3) for village in order}
    return {hazard: villages for hazard, villages in found.items() if villages}


def affirm_fault(affirm: OperatorAffirm, standing: Sequence[WarningStatus], network: Network) -> str:
    """Why a post cannot affirm a warning; empty if it can."""
    village = next((warning.village for warning in standing if warning.warning == affirm.warning), None)
    if village is None:
        return f"no warning {affirm.warning!r} stands"
    posts = {post.post for post in network.posts_of_village(village)}
    return "" if affirm.operator in posts else f"{affirm.operator!r} does not answer for that village"


class SignsView:
    """Signs as people see them: listed, counted, and a change of one logged, without the names of people."""

    def __init__(self, configuration: Configuration, metrics: Metrics) -> None:
        self._network = configuration.network
        self._kinds = [kind.kind for kind in configuration.signs.kinds]
        self._metrics = metrics
        self._state: dict[str, str] = {}
        self._last: list[Sign] | None = None
        self._signs: Sequence[Sign] = ()

    def listed_for(self, post: str) -> list[SignRecord]:
        """Signs as a post may read them; an empty text is everybody. Called from several threads."""
        network = self._network
        return [
            sign_record(sign, network.villages.code, names_posts=may_read_names(sign, network, post))
            for sign in self._signs
        ]

    def tell(self, signs: Sequence[Sign]) -> None:
        """Take the signs after a step."""
        if signs == self._last:
            return
        self._last = list(signs)
        state = {sign.sign: str(sign.state) for sign in signs}
        for name, word in state.items():
            if self._state.get(name) != word:
                log.warning("sign", extra={"sign": name, "state": word})
        self._state = state
        self._signs = signs
        standing = [(sign.kind, str(sign.state)) for sign in signs if sign.state in STANDING]
        self._metrics.set_signs(standing, self._kinds)
