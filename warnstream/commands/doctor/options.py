"""What ``warnstream doctor`` takes on its command line."""

import argparse
from pathlib import Path


def add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    doctor = commands.add_parser(
        "doctor",
        help="look at this machine: clock, disk, certificates, ports, broker",
        description=(
            "Looks at what a node of CONFIG_DIR needs of this machine, also beside a running one: the clock, "
            "speed and room of the disk, certificates and who may read secrets, ports and open files, the "
            "broker's answer to this node's name and topics. Changes nothing and sends nothing. "
            "Exit status: 0, or 1 where something is a fault."
        ),
    )
    doctor.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    doctor.add_argument("--json", action="store_true", help="one JSON line per finding")
