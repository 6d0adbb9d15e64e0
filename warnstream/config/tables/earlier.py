"""Rows that had another code before (`was`): nobody else may have it, now or before."""

from collections.abc import Iterable

from warnstream.config.faults import FaultLog


def earlier_codes(
    rows: Iterable[tuple[int, str, str]], faults: FaultLog, file: str, one: str
) -> dict[str, str]:
    """By code, the code that its row had before; what cannot be is a fault.

    `rows` have line, code and, where it is not empty, the earlier code.
    """
    rows = list(rows)
    line_of_code = {code: line for line, code, _ in rows}
    was: dict[str, str] = {}
    code_of: dict[str, str] = {}
    for line, code, before in rows:
        if not before:
            continue
        first = code_of.setdefault(before, code)
        if before in line_of_code:
            problem = f"{before!r} is a {one} of line {line_of_code[before]}: expected an earlier code"
        elif first != code:
            problem = f"{before!r} is what {first!r} was called, on line {line_of_code[first]}"
        else:
            was[code] = before
            continue
        faults.add(file, line, "was", problem)
    return was
