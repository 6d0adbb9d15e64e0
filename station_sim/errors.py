"""Errors that station-sim raises on purpose.

::

    SimulatorError
    ├── BrokerError        the MQTT broker cannot be reached or refuses us
    └── CountyFileError    a file of CONFIG_DIR is missing or wrong; says file:line

A readings archive that cannot be read raises `warnstream.model.errors.ArchiveError`.
"""


class SimulatorError(Exception):
    """Base of all errors that a user of station-sim can cause or see."""


class BrokerError(SimulatorError):
    """The broker cannot be reached at start, or refuses the connection."""


class CountyFileError(SimulatorError):
    """A county file is missing, lacks a column or holds a value that cannot be used."""
