"""`runner serve`: a model behind MLflow's scoring server."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence

from runner import tracking
from runner.cli.ports import chosen_port
from runner.cli.store_options import add_store_options
from runner.cli.ui import EVERY_INTERFACE, LOCAL
from runner.errors import InputError

PORT = 5001
"""Beside the usual one of `runner ui`."""


def serve(arguments: Sequence[str]) -> int:
    """Scores rows over HTTP by MLflow's scoring server, for this machine alone unless --host says otherwise."""
    options = _options(arguments)
    for name in ("max_rows", "max_requests", "max_megabytes"):
        if getattr(options, name) <= 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(options, name):g}: must be above 0")
    port = chosen_port(options.host, options.port, PORT)

    from runner import deployment

    model = deployment.find_model(options.model, tracking.store_uri(options.uri, options.outputs))
    limits = tracking.RequestLimits(options.max_megabytes, options.max_rows, options.max_requests)
    app = tracking.scoring_app(model, limits)
    shown = LOCAL if options.host in EVERY_INTERFACE else options.host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    with _listening(options.host, port) as listening:
        print(
            f"{options.model} answers at {address}/invocations (CSV or JSON), {address}/health; Ctrl-C stops it\n"
            f"try it: curl -H 'Content-Type: text/csv' --data-binary @new.csv {address}/invocations",
            flush=True,
        )
        tracking.serve(app, options.host, listening)
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    limits = tracking.RequestLimits()
    parser = argparse.ArgumentParser(prog="runner serve", description=serve.__doc__)
    parser.add_argument("model", metavar="MODEL", help="a run's id, a run's folder, or models:/NAME@champion")
    parser.add_argument("--host", default=LOCAL, help=f"address to answer at (default: {LOCAL}, this machine alone)")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or a free one where that is in use")
    rows = f"most rows of a request (default: {limits.rows:,})"
    parser.add_argument("--max-rows", type=int, default=limits.rows, help=rows)
    size = f"longest request, in MiB (default: {limits.megabytes:g})"
    parser.add_argument("--max-megabytes", type=float, default=limits.megabytes, help=size)
    together = f"most requests under way; one more is answered with 503 (default: {limits.at_once})"
    parser.add_argument("--max-requests", type=int, default=limits.at_once, help=together)
    add_store_options(parser)
    return parser.parse_args(arguments)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on.

    Raises:
        InputError: the port was taken while the model was loaded.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as problem:
        listening.close()
        raise InputError(f"--port {port} cannot be used any more ({problem}): start it again") from problem
    return listening
