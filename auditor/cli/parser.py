"""From arguments to a command, and from whatever goes wrong to one sentence and an exit code."""

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn, Protocol

from auditor.cli.exits import CANCELLED, ERROR
from auditor.cli.refusals import sentence_of
from auditor.errors import AuditorError

PURPOSE = "Audits models behind a query endpoint for what they leak about the people they were trained on."


class Command(Protocol):
    """A module of `auditor.cli` (or of the demo) that adds its sub-command and sets `execute` on it."""

    def add_to(self, commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None: ...


class Parser(argparse.ArgumentParser):  # sub-commands are of the same class
    """Mistakes in the arguments are errors like all others: one sentence, exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(ERROR, f"auditor: {message}; `{self.prog} --help` lists what there is\n")


def build(commands: Sequence[Command]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(prog="auditor", description=PURPOSE)
    parser.add_argument("--version", action="version", version=f"auditor {_version()}")
    known = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        command.add_to(known)
    return parser


def _version() -> str:
    try:
        return version("privacy-attack-auditor")
    except PackageNotFoundError:
        return "(not installed, run from its source)"


def main(arguments: Sequence[str], commands: Sequence[Command]) -> int:
    parsed = build(commands).parse_args(arguments)
    try:
        code = int(parsed.execute(parsed))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _say("stopped", CANCELLED)
    except BrokenPipeError:  # whoever read the output has read enough; what is left of it has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except (AuditorError, OSError) as error:
        return _say(sentence_of(error), ERROR)
    except Exception:
        return _say(f"a mistake of this program stopped it; please report it with the details in {_details()}", ERROR)


def _say(sentence: str, code: int) -> int:
    print(f"auditor: {sentence}", file=sys.stderr)
    return code


def _details() -> str:
    """The traceback goes to a file: people at a terminal get a sentence."""
    with tempfile.NamedTemporaryFile("w", prefix="auditor-error-", suffix=".log", delete=False) as file:
        file.write(traceback.format_exc())
        return file.name
