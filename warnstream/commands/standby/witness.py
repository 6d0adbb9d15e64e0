"""The command ``warnstream witness``: the third machine, which lends the right to lead to one box."""

import argparse
import logging
import signal
import threading

from warnstream.adapters.log import configure_logging
from warnstream.config.node.console import is_loopback
from warnstream.config.settings import TlsSettings
from warnstream.model.errors import WarnstreamError
from warnstream.runners.witness.server import Place, Witness

log = logging.getLogger(__name__)


def run_witness(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C.

    Raises
    ------
    WarnstreamError
        If the address or the certificates are none, or the folder cannot be used.
    OSError
        If the address cannot be listened on.
    """
    host, _, port = options.listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise WarnstreamError(f"--listen {options.listen}: expected HOST:PORT")
    files = [options.ca, options.certificate, options.key]
    if any(files) and not all(files):
        raise WarnstreamError("expected all of --ca, --certificate and --key, or none of them")
    if not all(files) and not is_loopback(host):
        raise WarnstreamError(
            f"--listen {options.listen}: without certificates an address of this machine only"
        )
    configure_logging(as_json=False, level="INFO", addresses=set())
    tls = TlsSettings(options.ca, options.certificate, options.key) if all(files) else None
    serving = Witness(Place(options.directory, host.strip("[]"), int(port), tls))
    ended = threading.Event()
    for word in (signal.SIGTERM, signal.SIGINT):
        signal.signal(word, lambda _signal, _frame: ended.set())
    log.info("witness serves", extra={"at": options.listen, "directory": str(options.directory)})
    ended.wait()
    serving.close()
    return 0
