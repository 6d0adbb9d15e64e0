"""``warnstream listener-user``, ``post-token``, ``feed-token``: what a caller shows to be known."""

import argparse
import sys
from collections.abc import Callable, Mapping

from warnstream.model.errors import WarnstreamError


def _listener_user(options: argparse.Namespace) -> int:
    from getpass import getpass

    from warnstream.adapters.mqtt.listener.access import user_line

    password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        print(user_line(options.name, password.encode()))
    except ValueError as error:
        raise WarnstreamError(str(error)) from error
    return 0


def _post_token(options: argparse.Namespace) -> int:
    from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
    from warnstream.config.load import load_configuration

    configuration = load_configuration(options.directory)
    if options.post not in {post.post for post in configuration.network.chain}:
        raise WarnstreamError(f"{options.post!r} is no post of chain.csv")
    directory = configuration.storage.directory
    directory.mkdir(parents=True, exist_ok=True)
    print(Tokens(load_or_create_secret(directory)).for_post(options.post))
    return 0


def _feed_token(options: argparse.Namespace) -> int:
    from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
    from warnstream.config.load import load_configuration
    from warnstream.config.yaml.quantities import code_expected, is_code

    if not is_code(options.name):
        raise WarnstreamError(code_expected(options.name))
    directory = load_configuration(options.directory).storage.directory
    directory.mkdir(parents=True, exist_ok=True)
    print(Tokens(load_or_create_secret(directory)).for_feed(options.name))
    return 0


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "listener-user": _listener_user,
    "post-token": _post_token,
    "feed-token": _feed_token,
}
"""By the name of the subcommand."""
