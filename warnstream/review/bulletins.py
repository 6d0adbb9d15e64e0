"""bulletins.jsonl: one line per bulletin, in the order of issue (docs/bulletins.md)."""

from collections.abc import Iterable
from pathlib import Path

from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.render import render_bulletin
from warnstream.model.bulletins import Bulletin


def write_bulletins(path: Path, bulletins: Iterable[Bulletin], wording: BulletinWording) -> int:
    """Write bulletins.jsonl; returns the number of lines.

    `doors` counts every door of the village: who has answered a reminder already is not known here.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for bulletin in bulletins:
            doors = wording.network.households.of_village(bulletin.village)
            file.write(bulletin_line(render_bulletin(bulletin, wording).record, len(doors)) + "\n")
            count += 1
    return count


def bulletin_line(record: bytes, doors: int) -> str:
    """One line, without its end: the record of a bulletin and for how many doors it was.

    >>> bulletin_line(b'{"n":1}', 4)
    '{"n":1,"doors":4}'
    """
    return f'{record.decode()[:-1]},"doors":{doors}}}'
