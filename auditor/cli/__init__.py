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

# In the order in which one meets them: the first audit, what to do with it, what else there is, the service.
COMMANDS = (
    init,
    probe,
    run,
    resume,
    report,
    what_if,
    compare,
    records,
    log,
    regrade,
    attacks,
    canaries,
    scan,
    control,
    schema,
    up,
    key,
    ready,
    start,
)

__all__ = ["COMMANDS", "main"]
