"""What a duty post reads of a digest: who calls for help, what stands, who is silent, answer by when.

One village, or one call, is written out and in Chinese is one short message if names allow; more of
them are counts and the worst of them, and the list is behind the answer link. Names are those of the
register, cut at `NAME_MAX`. A text that cannot be written is replaced by a plain one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from warnstream.delivery.bulletin_texts import NAME_MAX, BulletinTexts, BulletinWording
from warnstream.delivery.plain import plain_digest, village_name
from warnstream.delivery.texts import Title, clean, title_of
from warnstream.delivery.texts_en import MARK as MARK_EN
from warnstream.delivery.texts_zh import MARK as MARK_ZH
from warnstream.model.bulletins import TRANSFER, Action
from warnstream.model.digests import SILENT_CALLER, Digest, DigestLine, HelpLine
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import clock_local
from warnstream.model.warning import Cause, MessageStatus

SILENT_NAMED_MAX = 2
"""So many silent posts are named in a text; of more their number."""

DUTY_FROM = Level.ORANGE
"""From this level on a post reads what its duty is."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language; ``{}`` is filled in order."""

    tag: str
    mark: str
    title: Callable[[Title], str]
    colour: tuple[str, str, str, str, str]
    changed: dict[Cause, str]
    between: str
    comma: str
    hazard: str
    line: str
    over: str
    silent: str
    silent_many: str
    help_one: str
    help_many: str
    taken: str
    send: str
    sent: str
    nobody: str
    counts: str
    count: str
    worst: str
    news: str
    calm: str
    again: str
    answer: str
    arrive: str
    take: str
    heads: dict[str, str]
    people: str
    code: str
    takes_over: str
    stands: str
    for_whom: str
    one_message: int


_ZH = _Words(
    tag="zh-CN",
    mark=MARK_ZH,
    title=lambda title: title.zh,
    colour=("无", "蓝", "黄", "橙", "红"),
    changed={
        Cause.FIRST: "新",
        Cause.RAISED: "升",
        Cause.LOWERED: "降",
        Cause.RENEWED: "延续",
        Cause.SIGHT_LOST: "失联维持",
        Cause.SIGHT_REGAINED: "监测恢复",
        Cause.ENDED: "解除",
        Cause.CANCELLED: "人工解除",
        Cause.ISSUED_BY_HAND: "人工发布",
        Cause.RAISED_BY_HAND: "人工升级",
        Cause.LOWERED_BY_HAND: "人工降级",
    },
    between="",
    comma="、",
    hazard="{}{}{}",
    line="{}：{}。",
    over="{}：{}已解除。",
    silent="{}未应答。",
    silent_many="{}人未应答。",
    help_one="{}{}求助（{}）！",
    help_many="{}起求助，首起{}{}（{}）！",
    taken="{}{}的求助已由{}处理。",
    send="{}：{}起无人应答，请派人去！",
    sent="{}无人应答，{}已去。",
    nobody="无人应答",
    counts="{}村待应答：{}。",
    count="{}{}",
    worst="最急{}：{}。",
    news="另有变化{}村。",
    calm="{}村有变化，无需应答。",
    again="第{}次催办。",
    answer="请{}前应答。",
    arrive="救援队请{}前回复几分钟到。",
    take="能去请回“正在转移”。",
    heads={"to_move": "应{}", "moved": "已{}", "refused": "拒{}"},
    people="{}，{}人",
    code="抽查：回复带上{}。",
    takes_over="接班。",
    stands="{}村预警未解除，无需应答。",
    for_whom="代{}{}应答。",
    one_message=70,
)
_EN = _Words(
    tag="en",
    mark=MARK_EN,
    title=lambda title: title.en,
    colour=("none", "BLUE", "YELLOW", "ORANGE", "RED"),
    changed={
        Cause.FIRST: " new",
        Cause.RAISED: " raised",
        Cause.LOWERED: " lowered",
        Cause.RENEWED: " still in force",
        Cause.SIGHT_LOST: " held, gauges silent",
        Cause.SIGHT_REGAINED: " seen again",
        Cause.ENDED: " ended",
        Cause.CANCELLED: " ended by hand",
        Cause.ISSUED_BY_HAND: " by hand",
        Cause.RAISED_BY_HAND: " raised by hand",
        Cause.LOWERED_BY_HAND: " lowered by hand",
    },
    between=" ",
    comma=", ",
    hazard="{} {}{}",
    line="{}: {}.",
    over="{}: {} ended.",
    silent="No answer from {}.",
    silent_many="No answer from {} posts.",
    help_one="HELP: {} {} ({})!",
    help_many="{} CALLS FOR HELP, first {} {} ({})!",
    taken="The call of {} {} is with {}.",
    send="{}: no answer since {}, SEND A PERSON!",
    sent="{} does not answer, {} goes.",
    nobody="(nobody answers)",
    counts="{} villages await your answer: {}.",
    count="{} {}",
    worst="Worst {}: {}.",
    news="News of {} more.",
    calm="News of {} villages, no answer needed.",
    again="Reminder {}.",
    answer="Answer by {}.",
    arrive="Rescue team: answer by {} in how many minutes you are there.",
    take="If you go, answer Moving.",
    heads={"to_move": "to move {}", "moved": "moved {}", "refused": "refused {}"},
    people="{}, {} people",
    code="Spot check: write {} in your answer.",
    takes_over="You take over.",
    stands="Warnings stand in {} villages, no answer needed.",
    for_whom="You answer for {} {}.",
    one_message=160,
)


def digest_texts(digest: Digest, wording: BulletinWording, *, is_for_deputy: bool = False) -> BulletinTexts:
    """Chinese and English text of a digest, to its post or to that one's deputy; neither can fail."""
    texts: list[str] = []
    faults: list[str] = []
    for words in (_ZH, _EN):
        try:
            texts.append(_Writer(digest, wording, words, is_for_deputy).text())
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, the post is told
            texts.append(plain_digest(digest, wording.network, words.tag))
            faults.append(f"{words.tag}: {type(error).__name__}: {error}"[:200])
    return BulletinTexts(texts[0], texts[1], tuple(faults))


def line_texts(line: DigestLine, digest: Digest, wording: BulletinWording) -> tuple[str, str]:
    """One village of a digest in Chinese and English, for lists."""
    zh, en = (_Writer(digest, wording, words).village(line) for words in (_ZH, _EN))
    return zh, en


def help_texts(call: HelpLine, digest: Digest, wording: BulletinWording) -> tuple[str, str]:
    """One call for help in Chinese and English, for lists."""
    zh, en = (_Writer(digest, wording, words).call(call) for words in (_ZH, _EN))
    return zh, en


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one digest in one language."""

    digest: Digest
    wording: BulletinWording
    words: _Words
    is_for_deputy: bool = False

    def text(self) -> str:
        """The whole text: calls first, then villages, then by when to answer."""
        digest, words = self.digest, self.words
        signature = clean(self.wording.policy.signature)[:NAME_MAX]
        issuer = f"【{signature}】" if signature and words is _ZH else ""
        mark = words.mark if digest.status is MessageStatus.EXERCISE else ""
        open_calls = [call for call in digest.helps if not call.assigned]
        not_a_drill = self.wording.orders.not_a_drill
        opening = [not_a_drill.zh if words is _ZH else not_a_drill.en] if digest.ends_drill else []
        for_whom = [self._for_whom()] if self.is_for_deputy else []
        opening += for_whom
        if digest.hands_over:
            opening.append(words.takes_over)
        parts = [*opening, *self._calls(open_calls), *self._villages()]
        place = len(parts)
        if digest.tries and digest.needs_answer:
            parts.append(words.again.format(digest.tries))
        if digest.needs_answer:
            asked = words.arrive if digest.asks_arrival else words.answer
            parts.append(asked.format(self._clock(digest.answer_by_s)))
        if digest.code:
            parts.append(words.code.format(digest.code))
        head = f"{mark}{issuer}"
        if duty := self._duty():
            whole = [*parts[:place], duty, *parts[place:]]
            with_duty = f"{head}{words.between.join(whole)}".strip()
            # A deputy reads all that the post reads, also where its own first words make it longer.
            if len(with_duty) - sum(map(len, for_whom)) <= words.one_message:
                return with_duty
        return f"{head}{words.between.join(parts)}".strip()

    def _for_whom(self) -> str:
        """The post for which a deputy answers, by place and role: its code says nothing to people."""
        network = self.wording.network
        posts = [post for post in network.chain if post.post == self.digest.post]
        role, area = (posts[0].role, posts[0].area) if posts else (self.digest.post, "")
        number = network.villages.index_of_name().get(area)
        place = "" if area == "*" else clean(area)[:NAME_MAX] if number is None else self._place(number)
        return self.words.for_whom.format(place, clean(role)[:NAME_MAX].replace("_", " "))

    def _duty(self) -> str:
        """What a post of its duty does; only where people are to go, not wherever orange or red stands."""
        digest, orders = self.digest, self.wording.orders
        wording = orders.duties.get(self.wording.network.duties.get(digest.post, ""))
        if wording is None or not any(map(self._sends_people, digest.lines)):
            return ""
        return wording.zh if self.words is _ZH else wording.en

    def _sends_people(self, line: DigestLine) -> bool:
        """Whether something stands in a village that owes an answer and sends people away from orange on."""
        orders = self.wording.orders
        return line.needs_answer and any(
            level >= DUTY_FROM and orders.order(hazard, level).action.rank >= Action.PREPARE.rank
            for hazard, level in line.standing
        )

    def village(self, line: DigestLine) -> str:
        """What stands in a village and what of it has changed; who was silent."""
        words, place = self.words, self._place(line.village)
        changed = dict(line.changed)
        standing = [
            words.hazard.format(
                self._title(hazard),
                words.colour[level],
                self._change(changed.get(hazard), line, hazard),
            )
            for hazard, level in line.standing
            if line.level
        ]
        gone = [hazard for hazard in changed if hazard not in dict(line.standing) or not line.level]
        if not standing:
            return words.over.format(place, words.comma.join(map(self._title, gone)) or place)
        ended = [f"{self._title(hazard)}{words.changed[Cause.ENDED]}" for hazard in gone]
        text = words.line.format(place, words.comma.join([*standing, *ended]))
        if heads := self._heads(line):
            text = f"{text}{words.between}{heads}"
        if not line.silent:
            return text
        named = words.comma.join(line.silent[:SILENT_NAMED_MAX])
        many = len(line.silent) > SILENT_NAMED_MAX
        silent = words.silent_many.format(len(line.silent)) if many else words.silent.format(named)
        return f"{text}{words.between}{silent}"

    def call(self, call: HelpLine) -> str:
        """One call for help: where, who, since when, or who has it."""
        where = self._place(call.village)
        if call.caller == SILENT_CALLER:
            return self._task(call, where)
        if call.assigned:
            return self.words.taken.format(where, call.caller, clean(call.assigned)[:NAME_MAX])
        return self.words.help_one.format(where, call.caller, self._since(call))

    def _task(self, call: HelpLine, where: str) -> str:
        """Nobody answers there: somebody has to go, or goes."""
        if call.assigned:
            return self.words.sent.format(where, clean(call.assigned)[:NAME_MAX])
        return self.words.send.format(where, self._clock(call.opened_s))

    def _since(self, call: HelpLine) -> str:
        clock = self._clock(call.opened_s)
        return self.words.people.format(clock, call.heads) if call.heads else clock

    def _heads(self, line: DigestLine) -> str:
        """People by number, as the village's posts have reported them; empty where nobody has."""
        words = self.words
        said = [words.heads[word].format(number) for word, number in line.heads if word in words.heads]
        if not said:
            return ""
        return f"{''.join(said)}。" if words is _ZH else f"{words.comma.join(said).capitalize()}."

    def _calls(self, open_calls: list[HelpLine]) -> list[str]:
        words = self.words
        taken = [self.call(call) for call in self.digest.helps if call.assigned]
        if not open_calls:
            return taken[:1]
        first = min(open_calls, key=lambda call: call.caller == SILENT_CALLER)  # who calls goes first
        if len(open_calls) == 1:
            return [self.call(first), words.take]
        clock = self._since(first)
        caller = words.nobody if first.caller == SILENT_CALLER else first.caller
        many = words.help_many.format(len(open_calls), self._place(first.village), caller, clock)
        return [many, words.take]

    def _villages(self) -> list[str]:
        digest, words = self.digest, self.words
        n_owed = sum(digest.owed)
        n_all = max(len(digest.lines) + digest.more, n_owed)
        if not digest.lines:
            return []
        if n_all == 1:
            return [self.village(digest.lines[0])]
        worst = digest.lines[0]
        what = words.comma.join(self._hazards(worst)) or words.changed[Cause.ENDED].strip()
        if not n_owed:
            calm = words.stands if digest.hands_over else words.calm
            return [calm.format(n_all), words.worst.format(self._place(worst.village), what)]
        counts = [
            words.count.format(*self._counted(level, digest.owed[level]))
            for level in reversed(LEVELS)
            if digest.owed[level]
        ]
        texts = [
            words.counts.format(n_owed, words.comma.join(counts)),
            words.worst.format(self._place(worst.village), what),
        ]
        return [*texts, words.news.format(n_all - n_owed)] if n_all > n_owed else texts

    def _counted(self, level: Level, count: int) -> tuple[str, str]:
        colour = self.words.colour[level]
        return (colour, str(count)) if self.words is _ZH else (str(count), colour)

    def _hazards(self, line: DigestLine) -> list[str]:
        return [
            self.words.hazard.format(
                self._title(hazard), self.words.colour[level], self._change(None, line, hazard)
            )
            for hazard, level in line.standing
            if line.level
        ]

    def _change(self, cause: Cause | None, line: DigestLine, hazard: str) -> str:
        """What has become of a hazard, and whose signal it is with its time."""
        word = "" if cause is None else self.words.changed[cause]
        if hazard == TRANSFER and dict(line.standing).get(hazard):
            return self._hour(word, line.by_s)
        said = dict(line.relayed).get(hazard)
        clock = "" if said is None else self._clock(said.sent_s)
        if self.words is _ZH:
            issued = "" if said is None else f"{clean(said.issuer_zh)[:NAME_MAX]}{clock}发布"
            notes = "，".join(filter(None, (word, issued)))
            return f"（{notes}）" if notes else ""
        return word if said is None else f"{word} ({clean(said.issuer_en)[:NAME_MAX]} {clock})"

    def _hour(self, word: str, by_s: int) -> str:
        """What has become of a transfer, and by when people are to be away."""
        is_ahead = by_s > self.digest.issued_s
        if self.words is _ZH:
            hour = f"{self._clock(by_s)}前走完" if is_ahead else "马上走"
            return f"（{word}，{hour}）" if word else f"（{hour}）"
        return f"{word} by {self._clock(by_s)}" if is_ahead else f"{word} now"

    def _title(self, hazard: str) -> str:
        return self.words.title(title_of(hazard, self.wording.rules))[:NAME_MAX]

    def _place(self, village: int) -> str:
        villages = self.wording.network.villages
        short = clean(villages.short_name[village])[:NAME_MAX] if villages.short_name else ""
        return short or village_name(village, self.wording.network)[:NAME_MAX]

    def _clock(self, time_s: int) -> str:
        return clock_local(time_s, self.wording.time_zone)
