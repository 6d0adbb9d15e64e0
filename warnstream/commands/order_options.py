"""The subcommands of ``warnstream`` by which people lay a hand on warnings."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warnstream.model.errors import WarnstreamError
from warnstream.model.hands.orders import SAFE, UNSAFE, OrderKind, Response
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest
from warnstream.model.level import LEVELS

if TYPE_CHECKING:  # the checks of a configuration are half of what a command loads
    from warnstream.config.settings import Configuration

Commands = Any
"""What argparse gives for subcommands; it has no public name."""

ABOUT: dict[OrderKind, tuple[str, str]] = {
    OrderKind.ISSUE: (
        "issue a warning by hand",
        "A floor: people are under at least LEVEL until it expires.",
    ),
    OrderKind.RAISE: ("raise a warning that stands", "A floor, as of `issue`, where a warning stands."),
    OrderKind.LOWER: (
        "lower a warning by hand, for a time",
        "A ceiling: it expires (red: 30 min, else 2 h at most) and dies at the next rise or clear.",
    ),
    OrderKind.CORRECT: (
        "say that a warning was an error",
        "A ceiling at no level, and a correction to the doors that were told.",
    ),
    OrderKind.EXTEND: (
        "move the expiry of an order, or affirm a warning",
        "What a person has ordered goes on; where nothing binds, the author says that the warning stands.",
    ),
    OrderKind.SILENCE: (
        "keep rises up to orange from duty posts, for a time",
        "For an area, a hazard or one post; red, ends and doors are never silenced.",
    ),
    OrderKind.RELEASE: (
        "let doors hear what waits for an officer, or agree to red as the second person",
        "`warnstream who` shows what waits.",
    ),
    OrderKind.HOLD: (
        "have doors wait ten minutes longer for an officer, once",
        "Of a rise that would go out by itself; `lower` or `end` keep it from doors altogether.",
    ),
    OrderKind.REJECT: (
        "refuse an order that waits for a second person",
        "It is over at once and changes nothing; its author may take it back so, too.",
    ),
    OrderKind.CALL_AGAIN: (
        "ring posts again that owe an answer",
        "As soon as their digests may follow one another; nothing is asked that was not asked before.",
    ),
    OrderKind.TRANSFER: (
        "move people out: open a transfer list",
        "A row for each door and object of the target, and its own text; `warnstream transfers` shows them.",
    ),
    OrderKind.TRANSFER_OVER: (
        "say that the danger of a transfer is over",
        "Doors hear: over, not yet back. Return is another decision.",
    ),
    OrderKind.LEAVE_SHELTER: (
        "say that people may leave the shelter, not yet to go home",
        "A decision that is kept with the transfer list; the village tells those who are there.",
    ),
    OrderKind.ASSESS: (
        "record that a zone was inspected before anybody returns",
        "By whom, and whether it is safe; a return needs it.",
    ),
    OrderKind.RETURN: (
        "tell people to come back",
        "By zone or village, two persons, after an assessment, under no warning; never by itself.",
    ),
    OrderKind.TRANSFER_CLOSE: (
        "close a transfer list by hand",
        "Its people are not told to come back; `return` does that.",
    ),
    OrderKind.RESPOND: ("declare the county's state of response", "Told to every post; `end` ends it."),
}


def add_order_commands(commands: Commands) -> None:
    """Declare them."""
    for kind, (summary, description) in ABOUT.items():
        parser = commands.add_parser(str(kind), help=summary, description=description)
        parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
        _add_words(parser, kind)
        if kind not in (OrderKind.RESPOND, OrderKind.TRANSFER_CLOSE, OrderKind.REJECT):
            _add_targets(parser)
        _add_person(parser)
        parser.set_defaults(kind=kind)
    _add_help(commands)
    _add_token(commands)


def _add_words(parser: argparse.ArgumentParser, kind: OrderKind) -> None:
    """What an order of a kind says besides where, who and why."""
    if kind.is_transfer:
        _add_transfer_words(parser, kind)
        return
    if kind.is_floor or kind.is_ceiling or kind is OrderKind.EXTEND:
        parser.add_argument("hazard", metavar="HAZARD")
    if kind.is_floor or kind is OrderKind.LOWER:
        parser.add_argument("level", metavar="LEVEL", choices=[level.word for level in LEVELS])
    if kind is OrderKind.RESPOND:
        parser.add_argument(
            "response", metavar="I|II|III|IV|end", choices=[str(response) for response in Response]
        )
    if kind is OrderKind.SILENCE:
        parser.add_argument("--hazard", default="", metavar="HAZARD", help="only of this one")
        parser.add_argument("--post", default="", metavar="POST", help="this one post is not told")
    if kind is OrderKind.RELEASE:
        parser.add_argument("--order", default="", metavar="ID", help="agree to an order that waits")
    elif kind is OrderKind.REJECT:
        parser.add_argument("order", metavar="ID", help="the order that waits")
    elif kind not in (OrderKind.HOLD, OrderKind.CALL_AGAIN):
        parser.add_argument("--for", dest="lasts", default="", metavar="TIME", help="how long: 45min, 2h")
    if kind.is_floor:
        parser.add_argument("--second", default="", metavar="PERSON", help="who agrees, for red")
        parser.add_argument("--alone", action="store_true", help="red without a second person, on purpose")


def _add_transfer_words(parser: argparse.ArgumentParser, kind: OrderKind) -> None:
    if kind is OrderKind.TRANSFER_CLOSE:
        parser.add_argument("order", metavar="LIST")
        return
    if kind is OrderKind.ASSESS:
        parser.add_argument("verdict", choices=(SAFE, UNSAFE))
    if kind in (OrderKind.TRANSFER, OrderKind.ASSESS, OrderKind.RETURN):
        parser.add_argument(
            "--zone", action="append", default=[], metavar="ZONE", help="of zones.csv, its village is meant"
        )
    if kind is OrderKind.TRANSFER:
        parser.add_argument("--by", default="", metavar="TIME", help="by when: 18:00; at once without it")
        parser.add_argument("--onset", default="", metavar="TIME", help="when the hazard is expected")
        parser.add_argument(
            "--class", dest="grades", action="append", default=[], metavar="A-D", help="only of these"
        )
    if kind is OrderKind.RETURN:
        parser.add_argument("--second", default="", metavar="PERSON", help="who agrees")


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("villages", nargs="*", metavar="VILLAGE", help="codes")
    parser.add_argument("--township", action="append", default=[], metavar="NAME", help="all of its villages")
    parser.add_argument(
        "--river", action="append", default=[], metavar="GAUGE", help="villages that a river gauge warns"
    )
    parser.add_argument("--polygon", type=Path, metavar="FILE", help="GeoJSON: villages in it")
    parser.add_argument("--if-match", default="", metavar="MESSAGE", help="only if that is the last one")


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--author", required=True, metavar="PERSON", help="of operators.csv")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, at most 200 characters")
    parser.add_argument("--happened-at", default="", metavar="TIME", help="told late: when it was in truth")
    parser.add_argument("--id", default="", metavar="KEY", help="the same one again changes nothing")
    parser.add_argument("--dry-run", action="store_true", help="say whom it would reach, and do nothing")


def _add_help(commands: Commands) -> None:
    parser = commands.add_parser(
        "help",
        help="give a call for help to a person, or close it",
        description="`warnstream who` lists open calls. The one that closes is not the one that went.",
    )
    parser.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    parser.add_argument("action", choices=("assign", "close"))
    parser.add_argument("call", metavar="CALL")
    parser.add_argument("person", metavar="PERSON", help="who goes, or who says that it is over")
    parser.add_argument("--author", required=True, metavar="PERSON", help="of operators.csv")
    parser.add_argument("--note", default="", metavar="TEXT")


def _add_token(commands: Commands) -> None:
    token = commands.add_parser(
        "operator-token",
        help="the token with which a person gives orders over HTTP",
        description="Prints the token that PERSON sends to /api/v1/orders; give it to that person alone.",
    )
    token.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    token.add_argument("person", metavar="PERSON", help="of operators.csv")


def request_of(options: argparse.Namespace) -> OrderRequest:
    """What the command line asks for.

    Raises
    ------
    WarnstreamError
        If the polygon's file cannot be read.
    """
    said = vars(options)
    polygon = said.get("polygon")
    return OrderRequest(
        kind=str(options.kind),
        author=options.author,
        reason=options.reason,
        villages=said.get("villages", []),
        townships=said.get("township", []),
        rivers=said.get("river", []),
        polygon=None if polygon is None else _polygon_in(polygon),
        hazard=said.get("hazard", ""),
        level=said.get("level", ""),
        lasts=said.get("lasts", ""),
        second=said.get("second", ""),
        alone=said.get("alone", False),
        version=said.get("if_match", ""),
        post=said.get("post", ""),
        response=said.get("response", ""),
        order=said.get("order", ""),
        zones=said.get("zone", []),
        grades=[grade for word in said.get("grades", []) for grade in word.replace(",", "")],
        by=said.get("by", ""),
        onset=said.get("onset", ""),
        verdict=said.get("verdict", ""),
        identifier=options.id,
        happened_at=said.get("happened_at", ""),
    )


def _polygon_in(file: Path) -> dict[str, object]:
    """The geometry of a GeoJSON file; of a collection with one feature that one."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise WarnstreamError(f"{file}: expected a GeoJSON polygon ({error})") from None
    features = content.get("features") if isinstance(content, dict) else None
    if isinstance(features, list) and len(features) == 1:
        content = features[0]
    if not isinstance(content, dict):
        raise WarnstreamError(f"{file}: expected a GeoJSON polygon, or a collection with one")
    return content


def _give(options: argparse.Namespace) -> int:
    from warnstream.commands.orders import give, rehearsal_lines
    from warnstream.runners.orders.rehearsal import rehearse

    configuration, request = _load(options.directory), request_of(options)
    try:
        if options.dry_run:
            print("\n".join(rehearsal_lines(rehearse(configuration, request))))
        else:
            print(give(configuration, request))
    except OrderFaultsError as error:
        raise WarnstreamError("\n".join(_refusal(error))) from None
    return 0


def _refusal(error: OrderFaultsError) -> Iterator[str]:
    yield f"refused, nothing has changed: {len(error.faults)} fault(s)"
    yield from (f"  {fault}" for fault in error.faults)


def _help(options: argparse.Namespace) -> int:
    from warnstream.commands.orders import give_help
    from warnstream.model.digests import HelpAssign, HelpClose

    configuration = _load(options.directory)
    _demand_person(configuration, options.author)
    close = HelpClose(options.call, options.author, options.person, options.note)
    assign = HelpAssign(options.call, options.author, options.person)
    try:
        print(give_help(configuration, assign if options.action == "assign" else close))
    except OrderFaultsError as error:
        raise WarnstreamError("\n".join(_refusal(error))) from None
    return 0


def _token(options: argparse.Namespace) -> int:
    from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret

    configuration = _load(options.directory)
    _demand_person(configuration, options.person)
    directory = configuration.storage.directory
    directory.mkdir(parents=True, exist_ok=True)
    print(Tokens(load_or_create_secret(directory)).for_operator(options.person))
    return 0


def _demand_person(configuration: "Configuration", person: str) -> None:
    if person not in {operator.person for operator in configuration.operators}:
        raise WarnstreamError(f"{person!r} is no person of operators.csv")


def _load(directory: Path) -> "Configuration":
    from warnstream.config.load import load_configuration

    return load_configuration(directory)


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    **{str(kind): _give for kind in ABOUT},
    "help": _help,
    "operator-token": _token,
}
"""By the name of the subcommand."""
