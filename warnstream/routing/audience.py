"""Whom a village's warning concerns: its duty posts and its doors.

The chain is indexed by area once, so that asking for one village costs a few
look-ups however long the chain is.
"""

from collections import defaultdict

from warnstream.model.network import ChainPost, Network


class Audience:
    """Posts and doors of every village of one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._posts_of_area: defaultdict[str, list[ChainPost]] = defaultdict(list)
        for post in network.chain:
            self._posts_of_area[post.area].append(post)

    def posts_of_village(self, village: int) -> tuple[ChainPost, ...]:
        """Posts answering for a village, nearest rank first.

        A post named for several areas or ranks is called in its lowest rank
        only, once on each of its channels there.
        """
        villages = self._network.villages
        areas = {villages.code[village], villages.township[village], villages.county[village], "*"}
        found = [post for area in areas for post in self._posts_of_area.get(area, ())]
        found.sort(key=lambda post: (post.rank, post.post, post.channel, post.address))
        lowest: dict[str, int] = {}
        unique: dict[tuple[str, str], ChainPost] = {}
        for post in found:
            if lowest.setdefault(post.post, post.rank) == post.rank:
                unique.setdefault((post.post, post.channel), post)
        return tuple(unique.values())

    def ranked_posts(self, village: int) -> tuple[tuple[str, int], ...]:
        """Posts of a village with their ranks, each once, lowest rank first."""
        return tuple(dict.fromkeys((post.post, post.rank) for post in self.posts_of_village(village)))

    def is_household_of(self, village: int, recipient: str) -> bool:
        """Whether a recipient is a door of the village."""
        doors = self._network.households.of_village(village)
        return recipient in self._network.households.code[doors.start : doors.stop]
