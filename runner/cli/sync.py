"""`runner sync`: what waits in folders of runs, because a server did not answer, is recorded there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.errors import InputError
from runner.writing.console import short_path


def sync(arguments: Sequence[str]) -> int:
    """Records what a server has not got of runs and sweeps, because it did not answer; again changes nothing."""
    parser = argparse.ArgumentParser(prog="runner sync", description=sync.__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("outputs"), help="of a run, a sweep, or many (default: outputs)"
    )
    parser.add_argument("--uri", help="the server's address, where it has another one by now, or a password")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        raise InputError(f"{options.folder}: there is no such folder")

    contacts: dict[str, tracking.Contact] = {}

    def contact(uri: str) -> tracking.Contact:
        return contacts.setdefault(uri, tracking.Contact(uri, tells=False))

    synced = tracking.sync(options.folder, lambda masked: tracking.full_address(masked, options.uri), contact)
    for folder, run_id in synced.written:
        print(f"{short_path(folder)}: recorded as run {run_id}")
    for folder in synced.held:
        print(f"{short_path(folder)}: its process still runs, and records it by itself")
    for folder, reason in synced.refused:
        print(f"error: {short_path(folder)}: the store refuses it: {reason}", file=sys.stderr)
    if synced.waiting:
        away = ", ".join(each.name for each in contacts.values() if each.away)
        number = len(synced.waiting)
        wait = "1 run still waits" if number == 1 else f"{number} runs still wait"
        print(f"error: {away} does not answer: {wait}", file=sys.stderr)
    if not (synced.written or synced.held or synced.refused or synced.waiting):
        print(f"{short_path(options.folder)}: nothing waits")
    return 1 if synced.waiting or synced.refused else 0
