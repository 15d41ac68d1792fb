"""Artifacts: bytes named by their SHA-256, in SQL or under any fsspec URL. Nothing is ever unpickled, nothing crosses a workspace.

An optional content key (what the bytes were made from, such as a shadow's recipe) finds them again before they are made again.
The first artifact of a key stays: whoever comes second gets the first one's digest. What is stored or used again is as young as
what is new, so that retention takes what no audit of late has needed.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, exists, func, select, true, update

from auditor.domain.audit import AuditStatus
from auditor.errors import NotFound
from auditor.store import files, npz
from auditor.store.engine import Transaction, after_commit, after_rollback
from auditor.store.rows import insert_if_missing, insert_missing
from auditor.store.tables import artifact, artifact_key, audit, dataset

CHUNK = 500


class Artifacts:
    """In SQL without a URL; with one, the bytes are files and SQL only knows where."""

    def __init__(self, url: str | None = None) -> None:
        if url is not None:
            files.check(url)
        self._url = url

    def put(self, tx: Transaction, workspace_id: str, data: bytes, *, kind: str, key: str | None = None) -> str:
        """Store the bytes once and return the digest; the very same bytes again cost nothing."""
        if key is not None and (known := self.find(tx, workspace_id, [key])):
            self.keep(tx, workspace_id, [known[key]])
            return known[key]
        digest = hashlib.sha256(data).hexdigest()
        if not self.keep(tx, workspace_id, [digest]):
            self._store(tx, workspace_id, digest, kind, data)
        if key is not None:
            insert_missing(tx, artifact_key, [{"workspace_id": workspace_id, "key": key, "digest": digest}])
            return self.find(tx, workspace_id, [key])[key]
        return digest

    def get(self, tx: Transaction, workspace_id: str, digest: str) -> bytes:
        """NotFound also for what another workspace stored."""
        row = tx.execute(select(artifact.c.data, artifact.c.location).where(_this(workspace_id, digest))).one_or_none()
        if row is None:
            raise NotFound("these stored bytes are gone or belong to another workspace; upload or compute them again")
        return bytes(row.data) if row.location is None else files.read(row.location, digest)

    def find(self, tx: Transaction, workspace_id: str, keys: Sequence[str]) -> dict[str, str]:
        """Digests by content key, for the keys that are there."""
        found: dict[str, str] = {}
        for start in range(0, len(keys), CHUNK):
            wanted = artifact_key.c.key.in_(keys[start : start + CHUNK])
            chosen = select(artifact_key.c.key, artifact_key.c.digest).where(artifact_key.c.workspace_id == workspace_id, wanted)
            found |= {row.key: row.digest for row in tx.execute(chosen)}
        return found

    def put_arrays(
        self, tx: Transaction, workspace_id: str, arrays: Mapping[str, NDArray[Any]], *, kind: str, key: str | None = None
    ) -> str:
        """Named arrays without objects, as npz; equal arrays have equal digests."""
        return self.put(tx, workspace_id, npz.packed(arrays), kind=kind, key=key)

    def get_arrays(self, tx: Transaction, workspace_id: str, digest: str) -> dict[str, NDArray[Any]]:
        return npz.unpacked(self.get(tx, workspace_id, digest))

    def keep(self, tx: Transaction, workspace_id: str, digests: Sequence[str]) -> int:
        """An audit uses these again: their time begins anew. How many there are."""
        kept = 0
        for chosen in _some(workspace_id, digests):
            kept += tx.execute(update(artifact).where(chosen).values(created_at=datetime.now(UTC))).rowcount
        return kept

    def size(self, tx: Transaction, workspace_id: str, digests: Sequence[str]) -> int:
        """Bytes that these take together; what is gone takes none."""
        total = select(func.coalesce(func.sum(artifact.c.size), 0))
        return sum(int(tx.execute(total.where(chosen)).scalar_one()) for chosen in _some(workspace_id, digests))

    def sizes(self, tx: Transaction, workspace_id: str) -> dict[str, int]:
        """Bytes by kind."""
        chosen = select(artifact.c.kind, func.sum(artifact.c.size)).where(artifact.c.workspace_id == workspace_id)
        return {kind: int(size) for kind, size in tx.execute(chosen.group_by(artifact.c.kind).order_by(artifact.c.kind))}

    def delete_older(self, tx: Transaction, before: datetime, kinds: Sequence[str]) -> int:
        """Forget artifacts of these kinds last used before then, and how many; not where an audit runs, which may need them."""
        runs = exists().where(audit.c.workspace_id == artifact.c.workspace_id, audit.c.status == AuditStatus.RUNNING)
        old = and_(artifact.c.created_at < before, artifact.c.kind.in_(list(kinds)), ~runs)
        rows = tx.execute(select(artifact.c.workspace_id, artifact.c.digest).where(old)).all()
        by_workspace: dict[str, list[str]] = {}
        for row in rows:
            by_workspace.setdefault(row.workspace_id, []).append(row.digest)
        for workspace_id, digests in by_workspace.items():
            discard(tx, workspace_id, digests, before)
        return len(rows)

    def _store(self, tx: Transaction, workspace_id: str, digest: str, kind: str, data: bytes) -> None:
        location = None if self._url is None else files.write(self._url, workspace_id, digest, data)
        row = {"workspace_id": workspace_id, "digest": digest, "kind": kind, "size": len(data), "created_at": datetime.now(UTC)}
        if location is not None:
            after_rollback(tx, partial(files.remove, location))
        is_first = insert_if_missing(tx, artifact, row | {"data": data if location is None else None, "location": location})
        if location is not None and not is_first:
            files.remove(location)


def discard(tx: Transaction, workspace_id: str, digests: Sequence[str], before: datetime | None = None) -> None:
    """Forget these artifacts and their keys; a file goes once the transaction is committed. A dataset's records stay with it,
    and so does what was used since `before`, if that is given: another transaction may use it again while this one decides."""
    old = true() if before is None else artifact.c.created_at < before
    for digest in digests:
        this = _this(workspace_id, digest)
        in_use = exists().where(dataset.c.workspace_id == workspace_id, dataset.c.digest == digest)
        row = tx.execute(delete(artifact).where(this, old, ~in_use).returning(artifact.c.location)).one_or_none()
        if row is None:
            continue
        tx.execute(delete(artifact_key).where(artifact_key.c.workspace_id == workspace_id, artifact_key.c.digest == digest))
        if row.location is not None:
            after_commit(tx, partial(files.remove, row.location))


def _this(workspace_id: str, digest: str) -> ColumnElement[bool]:
    return and_(artifact.c.workspace_id == workspace_id, artifact.c.digest == digest)


def _some(workspace_id: str, digests: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Conditions that together choose these, each within the parameters that one statement may have."""
    each = sorted(set(digests))
    for start in range(0, len(each), CHUNK):
        yield and_(artifact.c.workspace_id == workspace_id, artifact.c.digest.in_(each[start : start + CHUNK]))
