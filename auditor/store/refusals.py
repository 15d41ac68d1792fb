"""What a database says when it refuses, as one sentence that says what to change."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from auditor.errors import AuditorError, InvalidInput, Unavailable

SENTENCES = (
    (r"disk is full|No space left|could not extend file", "no disk space is left for {where}; free some and try again"),
    (r"unable to open database file", "{where} cannot be opened; check that its folder exists and can be written"),
    (r"readonly database|read-only transaction", "{where} cannot be written; check the permissions of the file and its folder"),
    (r"database is locked|deadlock|could not serialize", "{where} is busy; try again in a moment"),
    (r"disk I/O error", "{where} cannot be read or written; check the disk it is on"),
    (r"not a database|malformed", "{where} is not an SQLite database; name another file, or restore it from a backup"),
    (r"no such (table|column)|(relation|column) .* does not exist", "{where} has no up-to-date tables; run `auditor migrate`"),
    (r"password authentication failed|no password supplied", "{where} refuses the user or password of AUDITOR_DATABASE_URL"),
    (r"database \"[^\"]*\" does not exist", "{where} does not exist; create it on the server first"),
    (
        r"too many (clients|connections)|connection slots",
        "{where} has no free connection; raise max_connections or run fewer workers",
    ),
)


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Turns a refusal of the database inside the block into Unavailable; every other error passes as it is."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        refusal = translated(error, where(url), remote=url.get_backend_name() != "sqlite")
        if refusal is None:
            raise
        raise refusal from error


def where(url: URL) -> str:
    """The database in words, never with its password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"the database {url.database or ''!r} on {url.host or url.query.get('host') or 'this machine'}"


def translated(error: DBAPIError | PoolTimeout, place: str, *, remote: bool) -> AuditorError | None:
    """None for what is a mistake of the code and not a refusal."""
    if isinstance(error, PoolTimeout):
        return Unavailable(f"{place} has been busy for too long; try again, or run fewer threads")
    if isinstance(error, DataError):
        return InvalidInput("", "the database cannot store this text or number; take out NUL characters and numbers beyond 64 bits")
    for pattern, sentence in SENTENCES:
        if re.search(pattern, str(error.orig), re.IGNORECASE):
            return Unavailable(sentence.format(where=place))
    if not remote or isinstance(error, ProgrammingError | IntegrityError):
        return None
    return Unavailable(f"{place} cannot be reached; check that it runs and that AUDITOR_DATABASE_URL is right")


def of_the_system(error: OSError, place: str) -> Unavailable:
    """The same for a file or folder that cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"no disk space is left for {place}; free some and try again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Unavailable(f"{place} cannot be written; check the permissions of its folder")
    return Unavailable(f"{place} cannot be opened; check that its folder exists and can be written")
