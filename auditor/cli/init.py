"""`auditor init`: writes a commented spec to start from."""

import argparse
from importlib.resources import files
from pathlib import Path


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("init", help="write a commented spec to start from", description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=Path("audit.yaml"), metavar="PATH", help="default: audit.yaml")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.errors import InvalidInput

    path = arguments.path
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise InvalidInput("", f"{path} is already there and was not touched; name another file") from None
    print(f"wrote {path}; fill in the url and the data, then: auditor run {path}")
    return 0


def template() -> str:
    return (files("auditor.cli") / "audit.template.yaml").read_text(encoding="utf-8")
