"""`warnstream console` and `warnstream console-user`: the officer's screen, and who may sign in."""

import argparse
import sys
from getpass import getpass
from typing import TYPE_CHECKING

from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import iso_local

if TYPE_CHECKING:  # argon2 and a web server are not loaded by every command
    from warnstream.console.accounts import Accounts


def console(options: argparse.Namespace) -> int:
    """Serve the page."""
    from warnstream.adapters.log import configure_logging
    from warnstream.console.serve import run_console

    configure_logging(as_json=options.log_json, level="ERROR" if options.quiet else "INFO")
    run_console(options.directory, is_child=options.child)
    return 0


def console_user(options: argparse.Namespace) -> int:
    """Give, take or list accounts."""
    from warnstream.config.load import load_configuration
    from warnstream.console.accounts import Accounts

    configuration = load_configuration(options.directory)
    storage = configuration.storage.directory
    storage.mkdir(mode=0o700, parents=True, exist_ok=True)
    accounts = Accounts(storage)
    try:
        if options.action == "list":
            print("\n".join(_lines(accounts, configuration)))  # noqa: T201  # the command's result
        elif options.action == "remove":
            if not accounts.remove(options.person):
                raise WarnstreamError(f"{options.person!r} has no account")
            print(f"{options.person} cannot sign in any more")  # noqa: T201
        elif options.action == "token":
            _token(accounts, configuration, options)
        elif options.action == "factor":
            _factor(accounts, configuration, options.person, is_off=options.off)
        else:
            _add(accounts, configuration, options.person)
    finally:
        accounts.close()
    return 0


def _add(accounts: "Accounts", configuration: Configuration, person: str) -> None:
    operator = next((operator for operator in configuration.operators if operator.person == person), None)
    if operator is None:
        known = (
            ", ".join(operator.person for operator in configuration.operators[:10])
            or "nobody: there is no such file"
        )
        raise WarnstreamError(f"{person!r} is no person of operators.csv (there: {known})")
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Again: ") != password:
            raise WarnstreamError("the two are not equal; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\n")
    try:
        accounts.set_password(person, password)
    except ValueError as error:
        raise WarnstreamError(str(error)) from None
    area = "everywhere" if operator.area == "*" else operator.area
    print(f"{person} ({operator.name}, {operator.role}, {area}) can sign in")  # noqa: T201


def _token(accounts: "Accounts", configuration: Configuration, options: argparse.Namespace) -> None:
    """Give a machine a token, or take it."""
    if options.off:
        if not accounts.machines.take(options.name):
            raise WarnstreamError(f"there is no token {options.name!r}")
        print(f"the token {options.name} is void")  # noqa: T201
        return
    if options.person not in {operator.person for operator in configuration.operators}:
        raise WarnstreamError(f"{options.person!r} is no person of operators.csv")
    scopes = [scope for scope in options.scope.split(",") if scope]
    try:
        token = accounts.machines.give(options.name, options.person, scopes, options.days)
    except ValueError as error:
        raise WarnstreamError(str(error)) from None
    print(token)  # noqa: T201  # shown this once; only its hash is kept


def _factor(accounts: "Accounts", configuration: Configuration, person: str, *, is_off: bool) -> None:
    """Give a person a second factor, or take it."""
    from warnstream.console.proof.totp import address_of, base32

    if person not in {known for known, _ in accounts.people()}:
        raise WarnstreamError(f"{person!r} has no account: warnstream console-user add CONFIG_DIR {person}")
    if is_off:
        if not accounts.factors.remove(person):
            raise WarnstreamError(f"{person!r} has no second factor")
        print(f"{person} signs in with the password alone")  # noqa: T201
        return
    secret, codes = accounts.factors.enrol(person)
    print(  # noqa: T201
        "\n".join(
            [
                f"{person} signs in with a code from now on. For the authenticator, this once:",
                f"  {address_of(secret, person, configuration.node.name)}",
                f"  secret {base32(secret)} (time, SHA-1, 6 digits, 30 s)",
                "Codes for a lost device, on paper, each counts once:",
                *(f"  {code}" for code in codes),
            ]
        )
    )


def _lines(accounts: "Accounts", configuration: Configuration) -> list[str]:
    operators = {operator.person: operator for operator in configuration.operators}
    found = []
    for person, set_s in accounts.people():
        operator = operators.get(person)
        who = f"{operator.role} {operator.area}" if operator else "not in operators.csv: cannot sign in"
        more = ""
        if accounts.factors.has(person):
            more = f"; second factor, {accounts.factors.recoveries_left(person)} recovery codes"
        set_at = iso_local(set_s, configuration.message.time_zone)
        found.append(f"{person}: {who}; password of {set_at}{more}")
    for machine in accounts.machines.given():
        until = iso_local(machine.until_s, configuration.message.time_zone)
        found.append(
            f"token {machine.name}: reads {', '.join(machine.scopes)} as {machine.person} until {until}"
        )
    return found or ["nobody has an account: warnstream console-user add CONFIG_DIR PERSON"]
