"""Where a command keeps and finds its data."""

import argparse
import logging
import os
from dataclasses import replace
from pathlib import Path

from auditor.settings import Settings, load


def add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", metavar="DIR", help="folder for the database and files (default: AUDITOR_HOME or ~/.auditor)")


def settings_for(arguments: argparse.Namespace) -> Settings:
    """The environment's settings, with --home in place of AUDITOR_HOME."""
    environ = dict(os.environ)
    if arguments.home:
        environ["AUDITOR_HOME"] = arguments.home
    return load(environ)


def alone(settings: Settings) -> Settings:
    """The same place without a broker: this process does the work itself."""
    return replace(settings, broker_url="filesystem://")


def log_to_file(settings: Settings, name: str) -> Path:
    """Warnings belong in a file while a terminal shows progress."""
    path = settings.home / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(handlers=[_LogFile(path, encoding="utf-8")], level=logging.WARNING, format=form, force=True)
    return path


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the standard library's
        """On a full disk the line is lost: the standard answer is a traceback on the terminal for each."""
