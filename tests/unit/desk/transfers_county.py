"""The county of these tests with zones, objects and people to move; short ways to order and to look."""

from dataclasses import replace

from tests.unit.desk.county import MESSAGE_POLICY, T0, county, desk_of
from warnstream.desk import WarningDesk
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.hands.orders import SAFE, HandOrder, OrderKind
from warnstream.model.network import Network, Zone
from warnstream.model.transfers.marks import RowMark
from warnstream.model.transfers.objects import ObjectKind, TransferObject
from warnstream.model.warning import MessageStatus

NETWORK_CODES = ("331124001001", "331124001002", "331124001003")
FIRST, SECOND, THIRD = NETWORK_CODES
REAL = replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL)


def objects() -> tuple[TransferObject, ...]:
    return (
        TransferObject("hut", "", 0, "Z-stream", ObjectKind.HUT, "A", 6, 1, "grid-a"),
        TransferObject("boat", "", 0, "", ObjectKind.BOAT, "A", 3),
        TransferObject("pond", "", 0, "Z-slope", ObjectKind.BELOW_POND, "C", 20),
        TransferObject("site", "", 2, "", ObjectKind.SITE, "A"),
    )


def people() -> Network:
    """Two zones in the first village, four objects, doors as in the county."""
    zones = (
        Zone("Z-stream", "溪边", 0, 28.45, 119.48, None),
        Zone("Z-slope", "山边", 0, 28.46, 119.49, None),
    )
    return replace(county(), zones=zones, objects=objects())


def moving_desk(network: Network | None = None, policy: BulletinPolicy | None = None) -> WarningDesk:
    at_once = BulletinPolicy(settle_s=0, clear_after_s=0, remind_every_s=0)
    return desk_of(network or people(), messages=REAL, bulletins=policy or at_once)


class Orders:
    """Orders with identifiers of their own."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, kind: OrderKind, *villages: str, **more: object) -> HandOrder:
        self.n += 1
        given = HandOrder(f"o{self.n}", kind, "zhang", "why", villages or (FIRST,))
        return replace(given, **more)  # type: ignore[arg-type]


def mark(word: str, *rows: str, by: str = "town", note: str = "") -> RowMark:
    return RowMark("m", rows, word, by, note, is_post=True)


def returned(desk: WarningDesk, orders: Orders, at_s: int = T0 + 600, **more: object) -> None:
    """Over, assessed safe, and told to come back."""
    desk.step([orders(OrderKind.TRANSFER_OVER)], at_s)
    desk.step([orders(OrderKind.ASSESS, verdict=SAFE)], at_s + 60)
    desk.step([orders(OrderKind.RETURN, second="li", **more)], at_s + 120)
