"""The command line. Each command is a module with a name, a sentence, its flags and `execute`; see docs/cli.md."""

from auditor.cli import (
    attacks,
    canaries,
    compare,
    control,
    init,
    key,
    log,
    probe,
    ready,
    records,
    regrade,
    report,
    resume,
    run,
    scan,
    schema,
    start,
    up,
    what_if,
)
from auditor.cli.parser import main

COMMANDS = (
    run,
    scan,
    resume,
    report,
    records,
    log,
    regrade,
    what_if,
    compare,
    canaries,
    attacks,
    probe,
    control,
    init,
    schema,
    up,
    key,
    ready,
    start,
)

__all__ = ["COMMANDS", "main"]
