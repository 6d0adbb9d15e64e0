"""Which village a report is about: the one that is named, else the only one that its sender can mean."""

from collections.abc import Callable

from warnstream.model.digests import FieldReport
from warnstream.model.network import Network
from warnstream.model.transfers.duties import NO_AREA
from warnstream.routing.reports import PlacedReport

NAME_SHOWN = 30
"""Characters of a name that nobody knows, in texts."""

NAMED_MAX = 5
"""So many villages are named to a post that did not say which."""


class Placing:
    """Posts and villages of one network, by what people call them."""

    def __init__(self, network: Network) -> None:
        self._villages = network.villages
        self._areas: dict[str, list[str]] = {}
        for post in network.chain:
            self._areas.setdefault(post.post, []).append(post.area)
        self._posts_were = network.posts_were
        self._of_area: dict[str, list[int]] | None = None

    def is_post(self, sender: str) -> bool:
        """Whether a sender is a post of the responsibility chain, by its code or one that it had before."""
        return sender in self._areas or sender in self._posts_were

    @property
    def posts(self) -> list[str]:
        """Every post on the ladder, in the order of the register."""
        return [post for post, areas in self._areas.items() if areas != [NO_AREA]]

    def of_post(self, report: FieldReport, stands: Callable[[int], bool]) -> PlacedReport:
        """A post's report with its village; `stands` says where something stands now."""
        theirs = self._villages_of(report.sender)
        if report.village:
            found = [village for village in theirs if report.village in self._names(village)]
            if len(found) != 1:
                named = " ".join(report.village.split())[:NAME_SHOWN]
                why = "不在职责内" if not found else "不止一个"
                en = "no village of this post" if not found else "more than one village"
                return PlacedReport(report, -1, True, f"{named}{why} {named}: {en}")
            return PlacedReport(report, found[0], True)
        standing = theirs if len(theirs) == 1 else [village for village in theirs if stands(village)]
        if len(standing) == 1:
            return PlacedReport(report, standing[0], True)
        if report.patrolled or set(report.heads) - {"in_need"}:
            return PlacedReport(report, -1, True, self._which(standing or theirs))
        return PlacedReport(report, -1, True)

    @staticmethod
    def of_door(report: FieldReport, village: int) -> PlacedReport:
        """A door's report; doors have no duty and no round."""
        if report.on_duty or report.patrolled or report.code:
            why = "到岗、巡查、抽查限责任人 on duty, patrolled, code: of posts alone"
            return PlacedReport(report, village, False, why)
        return PlacedReport(report, village, False)

    def _which(self, villages: list[int]) -> str:
        named = "、".join(self._villages.name[village] for village in villages[:NAMED_MAX])
        more = "等" if len(villages) > NAMED_MAX else ""
        return f"请写村名（{named}{more}） which village? name it before the numbers"

    def _names(self, village: int) -> tuple[str, ...]:
        villages = self._villages
        short = villages.short_name[village] if villages.short_name else ""
        names = (villages.code[village], villages.name[village], *((short,) if short else ()))
        return tuple(dict.fromkeys(form for name in names for form in (name, name.removesuffix("村"))))

    def _villages_of(self, post: str) -> list[int]:
        if self._of_area is None:
            self._of_area = {}
            villages = self._villages
            for village in range(len(villages)):
                places = {villages.code[village], villages.township[village], villages.county[village], "*"}
                for area in places:
                    self._of_area.setdefault(area, []).append(village)
        found = {village for area in self._areas.get(post, ()) for village in self._of_area.get(area, ())}
        return sorted(found)
