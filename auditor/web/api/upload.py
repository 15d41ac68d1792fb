"""A file that someone sends, streamed to a temporary file: as the one file of a form, or as the bare body."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from auditor.errors import InvalidInput
from auditor.web.upload_limit import MEGABYTE, allow_upload

CHUNK = 1 << 18
BODY_TYPES = ("text/csv", "application/octet-stream", "application/vnd.apache.parquet", "application/x-parquet")


@dataclass(frozen=True)
class Upload:
    path: Path
    size: int
    digest: str


@contextmanager
def received(limit_megabytes: int) -> Iterator[Upload]:
    """The file of this request, gone when the block ends. The name that its sender gave it is never looked at."""
    allow_upload(limit_megabytes)
    with tempfile.NamedTemporaryFile(prefix="upload-") as sink:
        size, digest = _copy(_source(), sink.file, limit_megabytes * MEGABYTE)
        sink.flush()
        yield Upload(Path(sink.name), size, digest)


def form_name() -> str | None:
    """The name of the dataset: a field of the form, or a parameter of the address."""
    return request.form.get("name") or request.args.get("name")


def _source() -> BinaryIO:
    if request.mimetype == "multipart/form-data":
        files = request.files.getlist("file")
        if len(files) != 1 or sum(len(sent) for sent in request.files.listvalues()) != 1:
            raise InvalidInput("file", "send exactly one file, in the field `file` of the form")
        return cast(BinaryIO, files[0].stream)
    if request.mimetype in BODY_TYPES:
        return cast(BinaryIO, request.stream)
    raise InvalidInput(
        "file", f"send a form with the field `file`, or the file as the body with the type {' or '.join(BODY_TYPES[:2])}"
    )


def _copy(source: BinaryIO, sink: IO[bytes], limit: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise RequestEntityTooLarge
        digest.update(chunk)
        sink.write(chunk)
    if not size:
        raise InvalidInput("file", "the file is empty; send one that has something in it")
    return size, digest.hexdigest()
