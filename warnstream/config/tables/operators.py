"""operators.csv: the people who may lay a hand on warnings, their roles and areas."""

import base64
import binascii
from collections.abc import Iterable

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.households_and_chain import EVERYWHERE
from warnstream.config.yaml.value_types import choice_of
from warnstream.model.hands.orders import Operator, Role
from warnstream.model.network import ChainPost, Villages

OPERATORS_FILE = "operators.csv"
OPERATOR_COLUMNS = Columns(("person", "name", "role", "area", "phone"), ("public_key", "post"))
KEY_BYTES = 32
"""Of an Ed25519 public key (RFC 8032)."""
OPENSSH_KIND = "ssh-ed25519"
OPENSSH_BYTES = 4 + len(OPENSSH_KIND) + 4 + KEY_BYTES
PHONE_CHARACTERS_MAX = 20


def read_operators(
    folder: Folder, villages: Villages | None, chain: Iterable[ChainPost], faults: FaultLog
) -> tuple[Operator, ...]:
    """Rows of operators.csv in the order of the file; none without it: then nobody orders by hand.

    Parameters
    ----------
    folder : Folder
    villages : Villages or None
        None where they could not be read: then areas are not checked.
    chain : iterable of ChainPost
        Posts at which a person may be rung.
    faults : FaultLog

    Returns
    -------
    tuple of Operator
        Rows with a fault are left out.
    """
    if not folder.has(OPERATORS_FILE):
        return ()
    data = folder.read(OPERATORS_FILE)
    if data is None:
        return ()
    areas = None
    if villages is not None:
        areas = {*villages.code, *villages.township, *villages.county, EVERYWHERE}
    lines: dict[str, int] = {}
    posts = {post.post for post in chain}
    found = (
        _operator_of(row, areas, posts, lines, faults)
        for row in read_rows(OPERATORS_FILE, data, OPERATOR_COLUMNS, faults)
    )
    return tuple(operator for operator in found if operator is not None)


def _operator_of(
    row: Row, areas: set[str] | None, posts: set[str], lines: dict[str, int], faults: FaultLog
) -> Operator | None:
    n_before = len(faults)
    person, name, role, area = row.code("person"), row.text("name"), row.cell("role"), row.text("area")
    if person in lines:
        row.fault("person", f"duplicate person {person!r}, first on line {lines[person]}")
    lines.setdefault(person, row.line)
    if role not in list(Role):
        row.fault("role", f"expected {choice_of([str(role) for role in Role])}, got {role!r}")
    if areas is not None and area and area not in areas:
        faults.add_unknown(row.file, row.line, "area", area, areas)
    phone, key, post = row.cell("phone"), row.cell("public_key"), row.cell("post")
    if post and post not in posts:
        faults.add_unknown(row.file, row.line, "post", post, posts)
    if not _is_phone(phone):
        # The number itself is not repeated: faults go to logs and screens.
        row.fault("phone", f"expected 3 to {PHONE_CHARACTERS_MAX} of + and 0-9, or nothing")
    key = _bare(key)
    if key and not _is_key(key):
        row.fault(
            "public_key",
            f"expected an Ed25519 key as in id_ed25519.pub, or its {KEY_BYTES} bytes in base64, or nothing",
        )
    if len(faults) > n_before:
        return None
    return Operator(person, name, Role(role), area, phone, key, post)


def _is_phone(phone: str) -> bool:
    digits = phone.removeprefix("+")
    return not phone or (digits.isascii() and digits.isdigit() and 3 <= len(phone) <= PHONE_CHARACTERS_MAX)


def _bare(key: str) -> str:
    """The bytes of a key alone, of the form that OpenSSH writes (RFC 8709); another text as it is."""
    kind, _, rest = key.partition(" ")
    if kind != OPENSSH_KIND:
        return key
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return key
    return base64.b64encode(blob[-KEY_BYTES:]).decode() if len(blob) == OPENSSH_BYTES else key


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
