"""Watching an audit that this process works on, until it is over or someone presses Ctrl-C."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from auditor import workflow
from auditor.cli.advice import advice_on
from auditor.cli.exits import code_of
from auditor.console import data_notes, files, findings_table, shown_progress, verdict
from auditor.domain.audit import Audit, AuditStatus
from auditor.errors import Unavailable
from auditor.report import as_json
from auditor.report.printable import shown
from auditor.store import audits
from auditor.workflow import Services

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Ending:
    """What is wanted when the audit is over: a file with the result, and how to call this place again."""

    output: Path | None
    home: Path


def finish(services: Services, audit: Audit, ending: Ending) -> int:
    """Watches to the end, shows what was found, writes the result, and returns the exit code."""
    try:
        closed = _watch(services, audit)
    except Unavailable as away:
        raise Unavailable(f"{away.sentence} ({_go_on(audit, ending)})") from away
    if closed.result is not None:
        _show(closed.result)
        if ending.output is not None:
            files.write(ending.output, as_json(closed.result).encode())
            print(f"wrote {ending.output}")
        print(f"dashboard: auditor up --home {ending.home}")
    elif closed.status is AuditStatus.CANCELLED:
        print(f"cancelled; {_go_on(closed, ending)}", file=sys.stderr)
    else:
        reason = shown(closed.reason or "the audit failed")
        print(f"auditor: {reason} ({advice_on(reason, _go_on(closed, ending))})", file=sys.stderr)
    return code_of(closed)


def _go_on(audit: Audit, ending: Ending) -> str:
    return f"`auditor resume {audit.id} --home {ending.home}` goes on where it stopped"


def _watch(services: Services, audit: Audit) -> Audit:
    with _interrupts() as stop, shown_progress(Console(stderr=True)) as show:
        ticked = time.monotonic()
        while True:
            progress = workflow.progress(services, audit.workspace_id, audit.id)
            if progress.status is not AuditStatus.RUNNING:
                break
            show(progress)
            if stop.wait(POLL_SECONDS):
                workflow.cancel(services, audit.workspace_id, audit.id)
            if time.monotonic() - ticked > services.settings.tick_seconds:
                workflow.sweep(services)
                ticked = time.monotonic()
    with services.database.read() as tx:
        return audits.get(tx, audit.workspace_id, audit.id)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """The first Ctrl-C (or SIGTERM) asks to stop; the next one ends the process at once."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(result: dict[str, object]) -> None:
    console = Console()
    console.print(findings_table(result, console.width))
    for note in data_notes(result):
        console.print(note, markup=False, highlight=False)
    console.print(verdict(result))
