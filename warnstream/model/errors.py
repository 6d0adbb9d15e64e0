"""Errors that warnstream raises on purpose.

::

    WarnstreamError
    ├── ConfigError        the configuration is wrong; carries every fault found, not the first
    ├── ArchiveError       a readings archive cannot be read
    └── StoreError         the disk refused; `retryable` says whether trying again can help

A bad *reading* is never an exception: it is refused or flagged, counted and kept.
"""

from dataclasses import dataclass


class WarnstreamError(Exception):
    """Base of all errors that a user can cause or see."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the configuration: where it stands and what was expected."""

    file: str
    line: int
    path: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}: {self.expected}" if self.path else f"{where}: {self.expected}"


class ConfigError(WarnstreamError):
    """Every fault of a configuration, in file and line order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class ArchiveError(WarnstreamError):
    """A readings archive is missing, unreadable or lacks a column."""


class StoreError(WarnstreamError):
    """The store could not keep what it was given."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(message)


class DamagedError(StoreError):
    """What was kept once cannot be read any more: trying again does not help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


def describe(error: Exception) -> str:
    """Kind and text of an error of ours, for those who look after the node."""
    return f"{type(error).__name__}: {error}"
