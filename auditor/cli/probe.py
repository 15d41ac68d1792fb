"""`auditor probe`: finds out how a model wants to be asked, and writes the target block of a spec."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.cli.place import add_home, alone, settings_for

if TYPE_CHECKING:
    import pandas as pd

    from auditor.domain.data import Column
    from auditor.domain.target import Target
    from auditor.intake import Table
    from auditor.querying.discovery import Discovery, Sample
    from auditor.settings import Settings

MEGABYTE = 1_000_000
MOST_RECORDS = 1000
AUTH_KEYS = ("parameter", "token_url", "scope", "audience", "region", "service")
UNLABELLED = 64
"""Without labels the classes are those of one batch: no more records are asked than it holds."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("probe", help="find out how a model wants to be asked", description=__doc__)
    parser.add_argument("url", metavar="URL", help="where the model is served")
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="a few records to ask, CSV or Parquet; default: what the server describes"
    )
    parser.add_argument("--label", metavar="COLUMN", help="the column that the model predicts; it is not sent")
    parser.add_argument("--exclude", default="", metavar="COLUMNS", help="columns that are not sent, separated by commas")
    parser.add_argument("--secret", default="", metavar="NAME", help="the environment variable with the target's credential")
    kinds = ("bearer", "basic", "header", "query", "oauth2", "google", "sigv4", "mtls")
    parser.add_argument("--auth", choices=kinds, default="bearer", help="how it is sent; default: bearer")
    parser.add_argument("--header", default="X-API-Key", metavar="NAME", help="the header of --auth header; default: X-API-Key")
    parser.add_argument("--auth-key", action="append", default=[], metavar="KEY=VALUE", help="another key of target.auth")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="certificates of a private authority, PEM")
    parser.add_argument("--rate", type=float, default=0.0, metavar="ROWS", help="rows a second at most; default: no limit")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.querying import MemoryLedger, Rate, guard_of, http_transport
    from auditor.querying.discovery import Search

    settings = alone(settings_for(arguments))
    known = _known(settings, arguments)
    target, secret = _target(arguments)
    ledger = MemoryLedger()

    def reach(one: "Target") -> Any:
        return http_transport(one, known.columns, secret, guard_of(settings), timeout=settings.target_timeout)

    found = Search(reach, ledger, known.sample, Rate(arguments.rate)).run(target)
    print(_told(found, ledger.spent, arguments.label))
    print(_block(found.target, arguments))
    return 0


@dataclass(frozen=True, eq=False)
class _Known:
    columns: "tuple[Column, ...]"
    sample: "Sample"


def _known(settings: "Settings", arguments: argparse.Namespace) -> _Known:
    return _of_server(settings, arguments) if arguments.data is None else _of_file(settings, arguments)


def _of_server(settings: "Settings", arguments: argparse.Namespace) -> _Known:
    """Made-up records of the inputs that the server itself describes."""
    from auditor.errors import InvalidInput
    from auditor.querying import guard_of
    from auditor.querying.described import described
    from auditor.querying.discovery import Sample

    found = described(arguments.url, guard_of(settings), settings.target_timeout)
    if found is None:
        raise InvalidInput(
            "--data", "this server does not describe its model's inputs; give a few records in a CSV or Parquet file"
        )
    named = arguments.label or next(filter(None, arguments.exclude.split(",")), None)
    if named:
        raise InvalidInput("--data", f"the column {named[:40]!r} names a column of a file; give the file")
    print(f"# The inputs are as {found.page} describes them; the records were made up: with --data and --label more is found out.")
    return _Known(found.columns, Sample.of(found.sample(), (), _is_numeric(found.columns)))


def _is_numeric(columns: "tuple[Column, ...]") -> bool:
    from auditor.domain.data import ColumnType

    return all(column.type.is_numeric or column.type is ColumnType.BOOLEAN for column in columns)


def _of_file(settings: "Settings", arguments: argparse.Namespace) -> _Known:
    """The records of the file as an audit would type them."""
    from auditor.domain.data import Column
    from auditor.intake import types
    from auditor.querying.discovery import Sample

    table = _table(settings, arguments)
    cells = table.cells.head(MOST_RECORDS if arguments.label else UNLABELLED)
    hidden = {arguments.label, *filter(None, arguments.exclude.split(","))}
    names = [name for name in cells.columns if name not in hidden]
    columns = tuple(Column(name, types.infer([table.cells[name]], None, [table.types.get(name, "")])) for name in names)
    frame = types.typed(cells, columns, ("",))
    return _Known(columns, Sample.of(frame, _labels(cells, arguments.label), _is_numeric(columns)))


def _table(settings: "Settings", arguments: argparse.Namespace) -> "Table":
    """Raises InvalidInput for a file that cannot be read, or that lacks a column that was named."""
    from auditor.errors import InvalidInput
    from auditor.intake import Limits, read

    limits = Limits(bytes=settings.max_upload_mb * MEGABYTE, rows=settings.max_rows, columns=settings.max_columns)
    try:
        table = read(arguments.data, limits)
    except InvalidInput as mistake:
        raise InvalidInput("--data", mistake.sentence) from None
    named = {"--label": [arguments.label], "--exclude": arguments.exclude.split(",")}
    for flag, names in named.items():
        unknown = next((name for name in names if name and name not in table.cells.columns), None)
        if unknown is not None:
            raise InvalidInput(flag, f"the file has no column {unknown[:40]!r}; name one of its columns")
    if not len(table.cells):
        raise InvalidInput("--data", "the file holds no records; give a few that the model can be asked")
    return table


def _labels(cells: "pd.DataFrame", label: str | None) -> list[str]:
    from auditor.errors import InvalidInput

    texts = cells[label].tolist() if label else []
    if any(not text for text in texts):
        raise InvalidInput("--label", "some records have no label; leave them out of the file")
    return texts


def _target(arguments: argparse.Namespace) -> "tuple[Target, str | None]":
    from auditor.cli.local_spec import pem_of
    from auditor.domain.target import Auth, AuthKind, Target
    from auditor.errors import InvalidInput

    ca = pem_of(arguments.ca) if arguments.ca else ""
    if not arguments.secret:
        return Target(arguments.url, ca=ca), None
    secret = os.environ.get(arguments.secret)
    if not secret:
        shown = arguments.secret if arguments.secret.replace("_", "").isalnum() else "that you name"
        raise InvalidInput("--secret", f"set the environment variable {shown} to the target's credential")
    auth = Auth(AuthKind(arguments.auth), arguments.secret, arguments.header, **_auth_keys(arguments.auth_key))
    return Target(arguments.url, auth=auth, ca=ca), secret


def _auth_keys(given: list[str]) -> dict[str, str]:
    from auditor.errors import InvalidInput

    pairs = dict(text.partition("=")[::2] for text in given)
    odd = next((key for key in pairs if key not in AUTH_KEYS), None)
    if odd is not None:
        raise InvalidInput("--auth-key", f"there is no key {odd[:40]!r}; write KEY=VALUE with one of {', '.join(AUTH_KEYS)}")
    return pairs


def _told(found: "Discovery", spent: int, label: str | None) -> str:
    """What was found, as comments of the block below it."""
    from auditor.querying.discovery import form_of

    profile, kind = found.profile, found.kind
    lines = [
        f"Answers in the form: {form_of(found.target)} ({len(found.attempts)} others were tried, {spent:,} rows asked in all).",
        f"Output: {kind.output}" + (f" of {len(kind.classes)} classes." if kind.classes else "."),
        *profile.notes,
        "The same record is answered alike each time." if profile.deterministic else "",
        "" if profile.batch_dependent else "The answer to a record does not depend on its batch mates.",
        f"{profile.top} classes of each answer are shown." if profile.top else "",
        f"{profile.latency_ms:.1f} ms for a record alone; batches of {profile.batch_size} from here on.",
        "A request has room for one record." if found.single else "",
        *_agreement(found, label),
    ]
    return "\n".join(f"# {line}" for line in lines if line)


def _agreement(found: "Discovery", label: str | None) -> list[str]:
    kind = found.kind
    if label is None:
        return ["Without --label the names of classes and their order are a guess: correct them."] if kind.classes else []
    if kind.agreement is None:
        return []
    said = f"With the classes in this order the target agrees with {label!r} on {100 * kind.agreement:.0f} % of the records"
    return [said + (", and clearly less in the sorted order." if kind.is_reordered else ".")]


def _block(target: "Target", arguments: argparse.Namespace) -> str:
    import yaml

    block: dict[str, Any] = {"url": target.url, "protocol": str(target.protocol)}
    if target.adapter is None:
        block["rows"] = str(target.rows)
    if target.binary:
        block["binary"] = True
    block["output"] = str(target.output)
    if target.classes:
        block["classes"] = list(target.classes)
    if target.adapter is not None:
        block["adapter"] = {"body": target.adapter.body, "answer": target.adapter.answer}
    if arguments.secret:
        block["auth"] = {"kind": arguments.auth, "secret": arguments.secret}
        block["auth"] |= {"header": arguments.header} if arguments.auth == "header" else {}
        block["auth"] |= _auth_keys(arguments.auth_key)
    if arguments.ca:
        block["ca"] = str(arguments.ca)
    return yaml.safe_dump({"target": block}, sort_keys=False, allow_unicode=True, width=1000).rstrip()
