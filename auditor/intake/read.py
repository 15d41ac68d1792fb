"""A file (CSV, Parquet, the key of canaries), recognised by its content, as a `Table`. What is wrong with it is one sentence."""

from pathlib import Path

from auditor.errors import InvalidInput
from auditor.intake.canary_key import MAGIC, read_canary_key
from auditor.intake.csv_file import read_csv
from auditor.intake.parquet_file import read_parquet
from auditor.intake.table import FIELD, Limits, Table

PARQUET = b"PAR1"
REFUSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "zstd",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"%PDF": "a PDF",
    b"ARROW1": "an Arrow file",
    b"SQLite f": "a database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read(path: Path, limits: Limits = Limits()) -> Table:
    """Raises InvalidInput("file", sentence). The file is read once, in pieces, and nothing in it is executed."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise InvalidInput(FIELD, f"there is no file {path}; check the path") from None
    except OSError as error:
        raise InvalidInput(FIELD, f"{path} cannot be read: {error.strerror}; give the path of a CSV or Parquet file") from None
    if size == 0:
        raise InvalidInput(FIELD, "the file is empty; give a CSV file with a header line, or a Parquet file")
    if size > limits.bytes:
        raise InvalidInput(FIELD, f"the file has {size:,} bytes; at most {limits.bytes:,} are taken; give fewer records or columns")
    kind = next((kind for magic, kind in REFUSED.items() if start.startswith(magic)), None)
    if kind is not None:
        raise InvalidInput(FIELD, f"the file is {kind}; give plain CSV in UTF-8, or Parquet")
    if MAGIC.match(start):
        return read_canary_key(path, limits)
    return read_parquet(path, limits) if start.startswith(PARQUET) else read_csv(path, limits)
