"""Artifacts as files under an fsspec URL: a folder, a shared disk, S3. A file is named by its workspace and digest, and by a draw:
one that is removed is never the one that somebody stores anew at the same moment."""

import contextlib
import hashlib
import uuid
from typing import Any

from fsspec.core import url_to_fs

from auditor.errors import InvalidInput, NotFound, Unavailable

DRAWN = 12


def check(url: str) -> None:
    """Refuse a URL that cannot be opened before anything is computed for it."""
    _opened(url)


def write(url: str, workspace_id: str, digest: str, data: bytes) -> str:
    """Returns the location. A local file appears whole or not at all; object stores behave so by themselves."""
    location = f"{url}{'' if url.endswith('/') else '/'}{workspace_id}/{digest[:2]}/{digest}.{uuid.uuid4().hex[:DRAWN]}"
    system, path = _opened(location)
    try:
        if "file" in _protocols(system):
            system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            _write_whole(system, path, data)
        else:
            system.pipe_file(path, data)
    except Exception as error:  # every kind of storage has errors of its own
        raise Unavailable(f"artifacts cannot be written to {url}: {_why(error)}") from error
    return location


def _write_whole(system: Any, path: str, data: bytes) -> None:
    """A draft that a full disk breaks off goes: trying again would fill it further."""
    draft = f"{path}.part"
    try:
        system.pipe_file(draft, data)
        system.mv(draft, path)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(draft)
        raise


def read(location: str, digest: str) -> bytes:
    """The bytes, if they are still those that the digest names."""
    system, path = _opened(location)
    try:
        data = bytes(system.cat_file(path))
    except FileNotFoundError:
        raise NotFound("the file of these stored bytes is gone; upload or compute them again") from None
    except Exception as error:
        raise Unavailable(f"artifacts cannot be read from {location}: {_why(error)}") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise Unavailable("a stored file is damaged: it does not have the digest it is named by; restore it from a backup")
    return data


def remove(location: str) -> None:
    """A file that is gone already is fine, and one that cannot be removed now stays: nothing names it any more."""
    system, path = _opened(location)
    with contextlib.suppress(Exception):
        system.rm_file(path)


def _opened(location: str) -> tuple[Any, str]:
    try:
        system, path = url_to_fs(location)
    except ImportError as error:
        needed = "install privacy-attack-auditor[s3]" if location.startswith(("s3:", "s3a:")) else str(error)
        raise InvalidInput("AUDITOR_ARTIFACTS_URL", f"this kind of URL needs a library that is missing: {needed}") from error
    except ValueError as error:
        raise InvalidInput("AUDITOR_ARTIFACTS_URL", f"this kind of URL cannot be opened: {error}") from error
    return system, path


def _protocols(system: Any) -> tuple[str, ...]:
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)


def _why(error: Exception) -> str:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0:1] or "the storage refuses"
    reason = said if isinstance(said, str) else said[0]
    return f"{reason.rstrip('.')}; check AUDITOR_ARTIFACTS_URL, its permissions and its free space"
