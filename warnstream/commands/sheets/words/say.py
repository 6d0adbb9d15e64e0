"""The words of sheets, Chinese and English side by side: one key, one meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from warnstream.commands.sheets.words.advice import OF_ADVICE
from warnstream.commands.sheets.words.periods import OF_PERIODS
from warnstream.commands.sheets.words.registers import OF_REGISTERS

LANGUAGES = ("zh", "en")

COMMON: Mapping[str, tuple[str, str]] = {
    "bundle": ("配置 {number} 号", "bundle {number}"),
    "no_bundle": ("配置未存档", "configuration never ran"),
    "made_by": ("制表 {author}", "by {author}"),
    "nothing": ("无", "none"),
    "unknown": ("未知", "unknown"),
    "not_filled_in": ("未填", "not filled in"),
    "code": ("编码", "code"),
    "township": ("乡镇", "township"),
    "village": ("村", "village"),
    "hazard": ("灾种", "hazard"),
    "level": ("等级", "level"),
    "station": ("测站", "station"),
    "date": ("日期", "date"),
    "share": ("占比", "share"),
    "none": ("无", "none"),
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
    "join": ("；", "; "),
    "comma": ("、", ", "),
}

WORDS: Mapping[str, tuple[str, str]] = {**COMMON, **OF_REGISTERS, **OF_PERIODS, **OF_ADVICE}


@dataclass(frozen=True, slots=True)
class Say:
    """Says keys in one language; `language` is ``zh`` or ``en``."""

    language: str

    def __call__(self, key: str, **parts: object) -> str:
        """A word of `WORDS`, with its places filled."""
        return self.of(WORDS[key]).format(**parts)

    def of(self, pair: tuple[str, str]) -> str:
        """One of Chinese and English."""
        return pair[LANGUAGES.index(self.language)]

    def columns(self, *keys: str) -> tuple[str, ...]:
        """Headings."""
        return tuple(self(key) for key in keys)
