"""How a process logs."""

import argparse

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def add_log_options(command: argparse.ArgumentParser) -> None:
    """Of every command that runs until it is stopped."""
    command.add_argument("--log-json", action="store_true", help="log JSON lines instead of key=value")
    command.add_argument(
        "--log-level",
        type=str.upper,
        choices=LOG_LEVELS,
        default="INFO",
        help="lowest one written; default INFO",
    )
