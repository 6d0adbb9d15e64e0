"""What ``warnstream diff``, ``preview``, ``reload`` and ``approve`` take."""

import argparse
from pathlib import Path


def add_diff(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of ``warnstream diff``."""
    diff = commands.add_parser(
        "diff",
        help="what a change of configuration means",
        description=(
            "Compares two configurations by what they mean (thresholds, stations, villages, people, keys), "
            "and by file. Each is a folder, the number of a bundle that a node has kept, or `live`: what the "
            "node runs with. Addresses of people and values of channels.yaml are compared and not shown."
        ),
        epilog="Example: warnstream diff live county",
    )
    for place in ("A", "B"):
        diff.add_argument(place.lower(), metavar=place, help="a folder, a bundle's number, or live")
    diff.add_argument(
        "--storage",
        type=Path,
        metavar="DIRECTORY",
        help="storage directory that numbers and live mean (default: that of the folder given)",
    )
    diff.add_argument("--json", action="store_true", help="one JSON object instead of text")


def add_preview(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of ``warnstream preview``."""
    preview = commands.add_parser(
        "preview",
        help="whom a changed configuration would wake now",
        description=(
            "Takes what the node has kept (its newest snapshot and the journal after it) into an engine of "
            "CONFIG_DIR, judges one step, and says which levels would rise, which would fall and how many "
            "doors would be told, beside what the running configuration would do anyhow. Nothing is changed "
            "or sent; the node may be running. Exit 3 where more doors would be told than --wakes-max."
        ),
        epilog="Example: warnstream preview county --wakes-max 50 && systemctl restart warnstream",
    )
    preview.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    preview.add_argument("--wakes-max", type=int, metavar="N", help="doors that may be told")
    preview.add_argument(
        "--storage", type=Path, metavar="DIRECTORY", help="storage of the node (default: that of CONFIG_DIR)"
    )
    preview.add_argument("--json", action="store_true", help="one JSON object instead of text")


def add_reload(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of ``warnstream reload``."""
    reload = commands.add_parser(
        "reload",
        help="a running node takes a changed configuration",
        description=(
            "The node of CONFIG_DIR freezes its files as a bundle, checks and tests them, looks ahead, and "
            "goes on under them between two steps: nothing measured and nobody told is forgotten. What is "
            "wrong, or would wake more than changes.reload_wakes_max, is refused: nothing changes (exit 1)."
        ),
        epilog="Example: warnstream reload county --yes --person li",
    )
    reload.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    reload.add_argument("--bundle", type=int, default=0, metavar="N", help="go back to a bundle instead")
    reload.add_argument("--yes", action="store_true", help="what wants a word has it")
    reload.add_argument(
        "--alone",
        action="store_true",
        help="without the second box, if that is not there: it is given it later",
    )
    reload.add_argument("--person", default="", metavar="NAME", help="who asks (default: your user name)")
    reload.add_argument(
        "--storage", type=Path, metavar="DIRECTORY", help="storage of the node (default: that of CONFIG_DIR)"
    )


def add_approve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command line of ``warnstream approve``."""
    approve = commands.add_parser(
        "approve",
        help="sign a bundle that is to go live, as the second person",
        description=(
            "A person of operators.csv signs a bundle that a reload has frozen and refused for want of a "
            "second person (changes.second_person). Signatures are OpenSSH's (ssh-keygen -Y), over the "
            "bundle's digest. Without --key and --signature it is said how to sign elsewhere."
        ),
        epilog="Example: warnstream approve county 8 --person wang --key ~/.ssh/id_ed25519",
    )
    approve.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    approve.add_argument("bundle", type=int, metavar="N", help="number of the bundle")
    approve.add_argument("--person", required=True, metavar="PERSON", help="of operators.csv")
    how = approve.add_mutually_exclusive_group()
    how.add_argument("--key", type=Path, metavar="FILE", help="private key to sign with")
    how.add_argument("--signature", type=Path, metavar="FILE", help="a signature that was made elsewhere")
