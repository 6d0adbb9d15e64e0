"""What ``warnstream test`` takes on its command line."""

import argparse
from pathlib import Path


def add_test(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    test = commands.add_parser(
        "test",
        help="test rules, thresholds, texts and the chain of a configuration",
        description=(
            "Runs the tests of CONFIG_DIR/tests/*.yaml (or of FILEs) on the engine that a node runs: "
            "readings, answers and signs at their times in; levels, messages, calls against what each test "
            "expects. Nothing is sent. Exit status: 0 all passed, 1 some failed, 2 a file is wrong. "
            "A saved case in place of CONFIG_DIR passes where every byte it leads to is as it was."
        ),
        epilog="Example: warnstream test county -k landslide --keep why",
    )
    test.add_argument("directory", type=Path, metavar="CONFIG_DIR")
    test.add_argument("files", type=Path, nargs="*", metavar="FILE", help="only these files of tests")
    test.add_argument("-k", dest="word", default="", metavar="WORD", help="only tests with WORD in the name")
    test.add_argument("--junit", type=Path, metavar="FILE", help="also write the results as JUnit XML")
    test.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep what failed tests sent, for `warnstream explain`"
    )
    test.add_argument(
        "--coverage", action="store_true", help="also list thresholds by which no test raised a level"
    )
    test.add_argument("-q", "--quiet", action="store_true", help="print failures and the last line alone")
