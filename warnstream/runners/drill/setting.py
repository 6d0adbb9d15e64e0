"""What a drill runs with: the node's configuration, cut to its villages, an exercise under other names."""

from dataclasses import replace

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.desk.drill import DrillDesk
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.bulletins import Wording
from warnstream.model.hands.drills import DrillOrder, drill_prefix
from warnstream.model.hands.orders import ReleasePolicy
from warnstream.model.warning import MessageStatus

OVER = Wording(
    "{village}演练到此结束，谢谢参加，可以回家。有真事打{phone}",
    "{village}: the exercise is over, thank you, you may go home. For a real emergency call {phone}",
)
"""To doors, in the place of a correction."""

OVER_FOR_POSTS = Wording("演练结束。", "The exercise is over.")


def drill_configuration(configuration: Configuration, order: DrillOrder) -> Configuration:
    """The configuration of the drill of an order, in its villages; unknown ones are left out.

    Doors never wait for an officer: a drill has nobody who releases.
    """
    number = configuration.network.villages.index_of_code()
    chosen = sorted({number[code] for code in order.villages if code in number})
    return replace(
        configuration,
        network=configuration.network.of_villages(np.array(chosen, dtype=np.int64)),
        message=replace(
            configuration.message,
            status=MessageStatus.EXERCISE,
            prefix=drill_prefix(configuration.message.prefix, order.identifier),
        ),
        orders=replace(configuration.orders, correct=OVER, not_a_drill=OVER_FOR_POSTS),
        bulletins=replace(configuration.bulletins, release=ReleasePolicy()),
    )


def build_drill_desk(setting: Configuration, n_judged: int | None = None) -> DrillDesk:
    """The desk of a drill, without any state yet; `setting` as of `drill_configuration`."""
    network = setting.network
    bulletins = Bulletins(setting.message.prefix, network.villages.code, setting.orders, setting.bulletins)
    return DrillDesk(
        network,
        setting.rules,
        setting.message,
        setting.routing,
        bulletins,
        n_judged=n_judged,
        hand_policy=setting.hands,
    )
