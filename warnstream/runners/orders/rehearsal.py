"""What an order would reach, before it is given: villages, doors, and how long telling them takes."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from warnstream.adapters.http.models.orders import RehearsalRecord
from warnstream.config.settings import Configuration
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.hands.requests import OrderRequest
from warnstream.runners.orders.request import order_of

NO_RATES: Mapping[str, float] = MappingProxyType({})
TELLS_NO_DOOR = (
    OrderKind.SILENCE,
    OrderKind.RESPOND,
    OrderKind.ASSESS,
    OrderKind.LEAVE_SHELTER,
    OrderKind.TRANSFER_CLOSE,
    OrderKind.HOLD,
    OrderKind.REJECT,
    OrderKind.CALL_AGAIN,
)


def rehearse(
    configuration: Configuration, request: OrderRequest, rates_per_s: Mapping[str, float] = NO_RATES
) -> RehearsalRecord:
    """Whom an order would reach; nothing is done.

    Doors are counted by channel; seconds until the last one are known where the rate of its channel has been
    seen (`rates_per_s`, by name) or follows from its keys.

    Raises
    ------
    OrderFaultsError
        With everything that is wrong with it by itself.
    """
    order = order_of(request, configuration)
    doors, seconds = doors_of(order, configuration, rates_per_s)
    return RehearsalRecord(kind=str(order.kind), villages=list(order.villages), doors=doors, seconds=seconds)


def doors_of(
    order: HandOrder, configuration: Configuration, rates_per_s: Mapping[str, float] = NO_RATES
) -> tuple[dict[str, int], dict[str, float]]:
    """Doors of an order by channel, and seconds until the last one hears; rates as of `rehearse`."""
    network, tells = configuration.network, order.kind not in TELLS_NO_DOOR
    number, households = network.villages.index_of_code(), network.households
    doors = Counter(
        households.channel[door]
        for code in (order.villages if tells else ())
        for door in households.of_village(number[code])
    )
    rates = {name: rates_per_s.get(name) or configuration.channels[name].expected_per_s for name in doors}
    seconds = {name: round(doors[name] / rate, 1) for name, rate in sorted(rates.items()) if rate}
    return dict(sorted(doors.items())), seconds
