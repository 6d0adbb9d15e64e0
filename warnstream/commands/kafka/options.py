"""What `warnstream bridge` and `warnstream judge` take on their command lines, and what runs them."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from warnstream.commands.common.log_options import add_log_options

CLIENTS = ("aiokafka", "faust")


def add_kafka_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands of a county whose log is a partition of Kafka (extra `[kafka]`)."""
    bridge = commands.add_parser(
        "bridge",
        help="many machines: what comes in for a county goes into its partition of Kafka",
        description=(
            "The ways in of a node without its engine (see docs/scaling.md): gateways are acknowledged once "
            "the brokers have what they sent. It alone tells time. A second one waits until it has ended."
        ),
        epilog="Example: warnstream bridge county",
    )
    bridge.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    bridge.add_argument(
        "--port", type=int, metavar="PORT", help="of its HTTP interface instead of kafka.bridge_port"
    )
    judge = commands.add_parser(
        "judge",
        help="many machines: judge counties of a Kafka, as many as the other workers leave to this one",
        description=(
            "A worker. Give it the CONFIG_DIR of every county of this Kafka: it judges those that the group "
            "gives it, and takes over those of a worker that has died."
        ),
        epilog="Example: warnstream judge county-a county-b --client faust",
    )
    judge.add_argument("directories", type=Path, metavar="CONFIG_DIR", nargs="+")
    judge.add_argument("--client", choices=CLIENTS, default="aiokafka", help="who reads (default: aiokafka)")
    judge.add_argument(
        "--port", type=int, metavar="PORT", help="of its HTTP interface instead of kafka.judge_port"
    )
    deliver = commands.add_parser(
        "deliver",
        help="many machines: tell people of a county what its judges issue",
        description=(
            "The channels of a node without its engine. It follows the county's partition into a log of its "
            "own; of several delivery nodes of a county one sends, and the next one when that is gone."
        ),
        epilog="Example: warnstream deliver county",
    )
    deliver.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    deliver.add_argument(
        "--port", type=int, metavar="PORT", help="of its HTTP interface instead of kafka.deliver_port"
    )
    deliver.add_argument(
        "--shard", type=int, metavar="NUMBER", help="of a county that shards.csv cuts: the shard whose people"
    )
    topology = commands.add_parser(
        "topology",
        help="many machines: who has which county, how far it is judged and told",
        description=(
            "Asks the brokers alone. Exit 1 where nobody judges a county, takes what comes in or tells "
            "people, or where it is not whole."
        ),
        epilog="Example: warnstream topology county-a county-b",
    )
    topology.add_argument("directories", type=Path, metavar="CONFIG_DIR", nargs="+")
    topology.add_argument("--json", action="store_true", help="one JSON object per line")
    for command in (bridge, judge, deliver):
        add_log_options(command)


def _bridge(options: argparse.Namespace) -> int:
    from warnstream.commands.kafka.bridge import run_bridge

    run_bridge(options.directory, options.port, log_level=options.log_level, log_json=options.log_json)
    return 0


def _judge(options: argparse.Namespace) -> int:
    from warnstream.commands.kafka.judge import run_judge

    run_judge(
        options.directories,
        options.client,
        options.port,
        log_level=options.log_level,
        log_json=options.log_json,
    )
    return 0


def _deliver(options: argparse.Namespace) -> int:
    from warnstream.commands.kafka.deliver import run_deliver

    run_deliver(
        options.directory, options.shard, options.port, log_level=options.log_level, log_json=options.log_json
    )
    return 0


def _topology(options: argparse.Namespace) -> int:
    import msgspec

    from warnstream.commands.kafka.topology import lines, topology

    found = topology(options.directories)
    said = [msgspec.json.encode(record).decode() for record in found] if options.json else lines(found)
    print("\n".join(said))  # noqa: T201
    return int(any(record.problems for record in found))


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "bridge": _bridge,
    "judge": _judge,
    "deliver": _deliver,
    "topology": _topology,
}
"""By the name of the subcommand."""
