"""What `warnstream takeover` takes on its command line, and `warnstream run` for two boxes."""

import argparse
from pathlib import Path


def add_takeover(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command."""
    takeover = commands.add_parser(
        "takeover",
        help="the box that stands by leads: after the other one has died, or in its place",
        description=(
            "On the box that stands by (see docs/standby.md). If the other box is there it stops cleanly "
            "first; if it is not, this one leads at once and sends what it has not seen sent. The other "
            "box must not be able to send meanwhile: nobody but you knows whether it is dead or only cut off."
        ),
        epilog="Example: warnstream takeover county",
    )
    takeover.add_argument("directory", type=Path, metavar="CONFIG_DIR")


def add_box_options(run: argparse.ArgumentParser) -> None:
    """Of `warnstream run`."""
    run.add_argument(
        "--box",
        default="",
        metavar="NAME",
        help="which of standby.boxes this machine is; its storage remembers it",
    )
    run.add_argument(
        "--as-standby",
        action="store_true",
        help="stand by, though this box led: what the other one never had of its log is kept aside and told",
    )


def add_witness(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line."""
    witness = commands.add_parser(
        "witness",
        help="on a third machine: which of two boxes may lead, so that one takes over by itself",
        description=(
            "Lends the right to lead to one of two boxes (standby.witness) for some seconds at a time; see "
            "docs/standby.md. It needs neither CONFIG_DIR nor data: a folder, a port and a certificate whose "
            "common name is `witness`. One serves many counties."
        ),
        epilog="Example: warnstream witness /var/lib/warnstream-witness --listen 10.1.0.13:18444 "
        "--ca pair.pem --certificate witness.pem --key witness.key",
    )
    witness.add_argument("directory", type=Path, metavar="DIRECTORY", help="where it keeps what it has lent")
    witness.add_argument("--listen", required=True, metavar="HOST:PORT", help="address for the boxes")
    for name, text in (
        ("ca", "authority that has signed the certificates of boxes and witness"),
        ("certificate", "its own certificate"),
        ("key", "the key of that"),
    ):
        witness.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"{text} (PEM)")
