"""风险提示单: a part for each township, the most endangered first; what nobody knows is said."""

from collections.abc import Iterator, Sequence

import numpy as np

from warnstream.commands.paper.content import filled_order
from warnstream.commands.sheets.advice.facts import ModelRain, Now
from warnstream.commands.sheets.sheet import Cell, Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.look_at.people import OF_NOBODY
from warnstream.config.look_at.phone_numbers import number_fault
from warnstream.config.settings import Configuration
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.times import HOUR_S, date_and_clock_local
from warnstream.model.warning import MessageStatus


def advice_sheet(configuration: Configuration, now: Now, township: str | None, say: Say) -> Sheet:
    """A note for one township, or for each of them."""
    villages = configuration.network.villages
    names = sorted(set(villages.township)) if township is None else [township]
    inside = {name: [at for at, of in enumerate(villages.township) if of == name] for name in names}
    making = _Making(configuration, now, say)
    names.sort(key=lambda name: (making.urgency(inside[name]), name))
    return Sheet("advice", say("advice"), tuple(making.part(name, inside[name]) for name in names))


class _Making:
    def __init__(self, configuration: Configuration, now: Now, say: Say) -> None:
        self._configuration, self._now, self._say = configuration, now, say
        self._network = configuration.network
        self._title = {rule.name: (rule.title_zh, rule.title_en) for rule in configuration.rules}

    def urgency(self, villages: Sequence[int]) -> tuple[float, ...]:
        """What sorts townships, and villages: the most endangered is the least."""
        now = self._now
        worst = max(int(now.worst(at)) for at in villages)
        n_worst = sum(int(now.worst(at)) == worst for at in villages)
        nearest = float(np.nan_to_num(now.ratio[list(villages)], nan=-1.0).max())
        return -worst, -n_worst, -nearest

    def part(self, name: str, villages: list[int]) -> Part:
        """The note of a township."""
        say = self._say
        tables = (self._villages(villages), self._orders(villages), self._posts(villages))
        signed = say.columns("signed_issued", "signed_read", "signed_time")
        title = say("advice_of", township=name)
        if self._configuration.message.status is MessageStatus.EXERCISE:
            title = say("exercise", title=title)
        return Part(title, tuple(self._lines(villages)), tables, signed)

    def _lines(self, villages: Sequence[int]) -> Iterator[str]:
        say, now, zone = self._say, self._now, self._configuration.message.time_zone
        if self._configuration.message.status is MessageStatus.EXERCISE:
            yield say("as_exercise")
        yield say("as_of", at=date_and_clock_local(now.now_s, zone))
        yield say(
            "stands_line",
            n=len(villages),
            warnings=sum(len(now.standing.get(at, ())) for at in villages),
            worst=say(max(now.worst(at) for at in villages).word),
            blind=sum(now.sight[at] == 2 for at in villages),
        )
        if not now.ahead_mm:
            yield say("no_nowcast")
        elif not any(np.isfinite(ahead[list(villages)]).any() for ahead in now.ahead_mm.values()):
            yield say("nowcast_unknown")
        if (model := now.model) is not None:
            run = date_and_clock_local(model.run_s, zone)
            yield say("model_line", model=model.model, run=run, hours=model.hours)
        else:
            yield say("model_unknown" if self._configuration.models else "no_model")
        yield from now.notes

    def _villages(self, villages: Sequence[int]) -> Table:
        say, now = self._say, self._now
        columns = [
            *say.columns("village", "stands"),
            *(say("rain_so_far", window=_hours(window)) for window in now.fallen_mm),
            *(say("rain_ahead", window=_hours(lead)) for lead in now.ahead_mm),
        ]
        if now.model is not None:
            columns += [say("model_median", hours=now.model.hours), say("model_high")]
        columns += say.columns("nearest", "reached", "sight")
        rows = [self._village(at) for at in sorted(villages, key=lambda at: (self.urgency([at]), at))]
        return Table(say("villages_table"), tuple(columns), rows)

    def _village(self, at: int) -> tuple[Cell, ...]:
        say, now = self._say, self._now
        told = ((self._hazard(warning.hazard), warning.level) for warning in now.standing.get(at, ()))
        stands = say("comma").join(f"{hazard} {say(level.word)}" for hazard, level in told)
        rain = (self._mm(some[at]) for some in (*now.fallen_mm.values(), *now.ahead_mm.values()))
        expected = () if now.model is None else _expected(now.model, at)
        share = now.ratio[at]
        near = (
            (say("unknown"), say("unknown"))
            if np.isnan(share)
            else (self._hazard(now.hazard[at]), f"{share:.0%}")
        )
        sight = say(("sight_seen", "sight_partly", "sight_blind")[now.sight[at]])
        name = self._network.villages.name[at]
        return name, stands or say("nothing"), *rain, *map(self._mm, expected), *near, sight

    def _mm(self, rain_mm: float) -> Cell:
        return round(float(rain_mm), 1) if np.isfinite(rain_mm) else self._say("unknown")

    def _hazard(self, name: str) -> str:
        return self._say.of(self._title[name]) if name in self._title else name

    def _orders(self, villages: Sequence[int]) -> Table:
        """Of each warning that stands what the plan asks at its level, in its own words."""
        say, now, orders = self._say, self._now, self._configuration.orders
        rows: list[tuple[Cell, ...]] = []
        for at in sorted(villages, key=lambda at: (self.urgency([at]), at)):
            for warning in now.standing.get(at, ()):
                if warning.level is Level.NONE:
                    continue
                text = say.of(
                    (
                        orders.order(warning.hazard, warning.level).text.zh,
                        orders.order(warning.hazard, warning.level).text.en,
                    )
                )
                title, is_zh = self._hazard(warning.hazard), say.language == "zh"
                filled = filled_order(text, title, self._configuration, at, is_zh=is_zh)
                level = say(warning.level.word)
                rows.append((self._network.villages.name[at], title, level, filled))
        columns = say.columns("village", "hazard", "level", "text")
        return Table(say("orders_table"), columns, rows, say("nothing_stands"))

    def _posts(self, villages: Sequence[int]) -> Table:
        """Posts of these villages, the highest rank first; who was called for what stands, who answered."""
        say, now = self._say, self._now
        ways: dict[str, list[ChainPost]] = {}
        for at in villages:
            for post in self._network.posts_of_village(at):
                ways.setdefault(post.post, [])
                if post not in ways[post.post]:
                    ways[post.post].append(post)
        standing = [warning for at in villages for warning in now.standing.get(at, ())]
        rows: list[tuple[Cell, ...]] = []
        for code, own in sorted(ways.items(), key=lambda one: (-one[1][0].rank, one[1][0].area, one[0])):
            called = sum(code in warning.posts_called for warning in standing)
            answered = sum(code in warning.posts_answered for warning in standing)
            phone, state = self._phone(own)
            row = own[0].rank, self._area(own[0].area), own[0].role, code, phone, state
            rows.append((*row, f"{called}/{answered}"))
        columns = say.columns("rank", "place", "role", "post", "phone", "phone_state", "answers")
        return Table(say("posts_table"), columns, rows)

    def _area(self, area: str) -> str:
        number = self._network.villages.index_of_code().get(area)
        return area if number is None else self._network.villages.name[number]

    def _phone(self, ways: Sequence[ChainPost]) -> tuple[str, str]:
        """The first number of a post, and whether it can be one."""
        for way in ways:
            section = self._configuration.channels.get(way.channel)
            if isinstance(section, PhoneChannelSection):
                if way.address.startswith(OF_NOBODY):
                    return way.address, self._say("phone_of_exercise")
                is_bad = bool(number_fault(section.country)(way.address))
                return way.address, self._say("phone_bad" if is_bad else "phone_good")
        return "", self._say("phone_none")


def _expected(model: ModelRain, at: int) -> tuple[float, float]:
    return float(model.median_mm[at]), float(model.high_mm[at])


def _hours(seconds: int) -> str:
    return f"{seconds / HOUR_S:g}h"
