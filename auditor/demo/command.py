"""`auditor demo`: a real model behind a real endpoint, audited by the real service, in about a minute."""

import argparse
import os
from pathlib import Path

HOME = "demo-output"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("demo", help="audit a model of UCI Adult, from training to report", description=__doc__)
    parser.add_argument("--safe", action="store_true", help="audit a model that generalises instead of one that remembers")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the result as JSON; default: demo-output/result.json")
    parser.add_argument("--port", type=int, help="port of the dashboard and API while it runs; default: a free one")
    parser.add_argument("--home", type=Path, default=Path(HOME), metavar="DIR", help=f"default: {HOME}")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    """0 whenever the audit ran to its end: what it found is what the demonstration is about."""
    from rich.console import Console

    from auditor import settings
    from auditor.console.files import check_writable
    from auditor.demo.stack import ELSEWHERE
    from auditor.demo.story import Plan, tell

    home = arguments.home.absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    output = arguments.output or home / ("result-safe.json" if arguments.safe else "result.json")
    here = settings.load({**os.environ, **ELSEWHERE, "AUDITOR_HOME": str(home)})
    plan = Plan(here, arguments.safe, output.absolute(), arguments.port)
    check_writable(plan.output)
    tell(plan, Console())
    return 0
