"""Warning messages of one county for bulletins: who rises to what, in a line."""

from dataclasses import replace
from functools import cache

from tests.unit.desk.county import MESSAGE_POLICY, RULES, T0, county, reason
from warnstream.config.orders import order_table
from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.model.bulletins import BulletinPolicy, OrderTable, Wording
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage

POLICY = BulletinPolicy(signature="松阳县防指", shelter=Wording("村小学", "the school"), phone="13800001234")
CODES = county().villages.code
REAL, DRILL = MessageStatus.ACTUAL, MessageStatus.EXERCISE


@cache
def orders() -> OrderTable:
    return order_table(None)


def new(policy: BulletinPolicy = POLICY) -> Bulletins:
    return Bulletins("ws", CODES, orders(), policy)


def message(
    hazard: str,
    level: Level,
    *,
    village: int = 0,
    status: MessageStatus = REAL,
    cause: Cause = Cause.RAISED,
    at_s: int = T0,
) -> WarningMessage:
    """A message that says where a hazard stands now; level none ends it."""
    warning = f"ws.{CODES[village]}.{hazard}.20190408T211500Z"
    return WarningMessage(
        identifier=f"{warning}.1",
        warning=warning,
        version=1,
        village=village,
        hazard=hazard,
        level=level,
        previous=Level.NONE,
        msg_type=MessageType.UPDATE if level else MessageType.CANCEL,
        status=status,
        cause=cause if level else Cause.ENDED,
        sent_s=at_s,
        crossed_at_s=at_s,
        onset_s=at_s,
        expires_s=at_s + 21_600,
        reason=reason() if level else None,
        blind=False,
        references=(),
    )


def chinese(**changed: object) -> Network:
    """The county with Chinese names within the limits of one short message."""
    names: dict[str, object] = {
        "name": ("上垟村", "下村", "中村"),
        "township": ("古市镇",) * 3,
        "county": ("松阳县",) * 3,
    }
    return county(**(names | changed))


def wording(policy: BulletinPolicy = POLICY, network: Network | None = None) -> BulletinWording:
    return BulletinWording(network or chinese(), RULES, orders(), policy, MESSAGE_POLICY.time_zone)


def with_policy(**changed: object) -> BulletinPolicy:
    return replace(POLICY, **changed)  # type: ignore[arg-type]
