"""Invented names of villages and townships; a likeness to a real place is chance."""

import numpy as np

_VILLAGE_FIRST = "上下大小东西南北前后高低内外新老"
_VILLAGE_SECOND = "溪坑坪岭源坞垟湾塘田桥山"
_TOWNSHIP_FIRST = "云龙松青仙碧安竹梅枫石白金银鹤凤"
_TOWNSHIP_SECOND = "溪坪岩泉川湖岭洋塘源屏峰"
_TOWNSHIP_KIND = "镇乡"


def village_names(generator: np.random.Generator, n_villages: int) -> list[str]:
    """Different names for the villages of one township."""
    return _pick(generator, [a + b for a in _VILLAGE_FIRST for b in _VILLAGE_SECOND], n_villages, "村")


def township_names(generator: np.random.Generator, n_townships: int) -> list[str]:
    """Different names for all townships of the frame: a responsibility chain finds them by name."""
    stems = [a + b for a in _TOWNSHIP_FIRST for b in _TOWNSHIP_SECOND]
    half = (n_townships + 1) // 2
    towns = _pick(generator, stems, half, _TOWNSHIP_KIND[0])
    return towns + _pick(generator, stems, n_townships - half, _TOWNSHIP_KIND[1])


def _pick(generator: np.random.Generator, stems: list[str], n_names: int, ending: str) -> list[str]:
    order = generator.permutation(len(stems))
    names = []
    for number in range(n_names):
        lap, position = divmod(number, len(stems))
        names.append(stems[order[position]] + (str(lap + 1) if lap else "") + ending)
    return names
