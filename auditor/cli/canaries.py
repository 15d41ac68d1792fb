"""`auditor canaries`: draws records and flips a fair coin for each: those that the coin chose are added to the training data."""

import argparse
import csv
import hashlib
import io
import secrets
from pathlib import Path
from typing import Any

from auditor.cli.place import add_home, settings_for

MEGABYTE = 1_000_000
FILES = ("canaries.csv", "include.csv", "key.json")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("canaries", help="make canaries for a sound bound on epsilon", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="records that are NOT trained on, CSV or Parquet")
    parser.add_argument("--label", required=True, metavar="COLUMN", help="the column that the model predicts")
    parser.add_argument("--count", type=int, default=1000, help="how many; default: 1000")
    kinds = "wrong-label (default): with another label than their own, which a model can only know by heart; holdout: as they are"
    parser.add_argument("--kind", default="wrong-label", help=kinds)
    parser.add_argument("--output", type=Path, default=Path("canaries"), metavar="DIR", help="default: canaries")
    add_home(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from auditor.workflow.canaries import Wish, draw

    folder = _folder(arguments.output)
    table = _table(arguments)
    drawn = draw(table, Wish(arguments.label, arguments.count, arguments.kind), secrets.SystemRandom())
    contents = dict(zip(FILES, (_csv(drawn.cells), _csv(drawn.included), drawn.key.as_bytes()), strict=True))
    _write(folder, contents)
    print(_told(folder, len(drawn.cells), len(drawn.included), contents["key.json"]))
    return 0


def _folder(path: Path) -> Path:
    """A folder of its own: canaries whose key was overwritten are worth nothing."""
    from auditor.errors import InvalidInput

    taken = next((name for name in FILES if (path / name).exists()), None)
    if taken is not None:
        raise InvalidInput("--output", f"{path / taken} is already there and was not touched; name another folder")
    if path.exists() and not path.is_dir():
        raise InvalidInput("--output", f"{path} is a file; name a folder")
    return path


def _table(arguments: argparse.Namespace) -> Any:
    from auditor.errors import InvalidInput
    from auditor.intake import Limits, read

    settings = settings_for(arguments)
    limits = Limits(bytes=settings.max_upload_mb * MEGABYTE, rows=settings.max_rows, columns=settings.max_columns)
    try:
        return read(arguments.data, limits)
    except InvalidInput as mistake:
        raise InvalidInput("--data", mistake.sentence) from None


def _csv(cells: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells.columns)
    writer.writerows(["" if v is None else v for v in row] for row in cells.itertuples(index=False, name=None))
    return text.getvalue().encode()


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """The key first: without it the other two are of no use, and nobody but the owner may read any of them."""
    from auditor.console import files

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in reversed(FILES):
        files.write(folder / name, contents[name])


def _told(folder: Path, count: int, included: int, key: bytes) -> str:
    digest = hashlib.sha256(key).hexdigest()
    return "\n".join(
        (
            f"{folder / 'include.csv'}: {included:,} of {count:,} canaries, chosen by fair coins: train on them, once each",
            f"{folder / 'canaries.csv'}: all of them, for the audit (data.canaries); the others stay out of the training data",
            f"{folder / 'key.json'}: the coin flips (data.key): keep it apart, and do not give it to those who train",
            f"sha256 of the key: {digest}; write it down now, and it proves later that no coin was turned",
        )
    )
