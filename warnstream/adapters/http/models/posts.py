"""What posts of the responsibility chain work with: signs that people have seen, and calls for help."""

import msgspec
from msgspec import UNSET, UnsetType

from warnstream.adapters.http.models.words import Count, Text, TimeUtc


class SignRecord(msgspec.Struct, frozen=True):
    """A sign that people have seen; who said so, and in which words, only for posts that may read it."""

    sign: Text
    village: Text
    kind: Text
    state: Text
    reports: Count
    reported_at: TimeUtc
    changed_at: TimeUtc
    expires: TimeUtc
    reporter: Text | UnsetType = UNSET
    validator: Text | UnsetType | None = UNSET
    note: str | UnsetType = UNSET


class HelpCallRecord(msgspec.Struct, frozen=True):
    """An open call for help; nobody is assigned where `assigned` is null; `heads`: people in need."""

    help: Text
    village: Text
    name: str
    caller: Text
    since: TimeUtc
    assigned: Text | None
    assigned_by: Text | None
    is_untaken: bool
    heads: Count | None
