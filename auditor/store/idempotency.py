"""What a POST with an Idempotency-Key answered, kept for a day, so that the same request sent again has no second effect."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from auditor.errors import Conflict
from auditor.store.engine import Transaction
from auditor.store.rows import insert_if_missing
from auditor.store.tables import idempotency as table

KEPT = timedelta(hours=24)
TAKEN = "another request with this Idempotency-Key is being worked on; wait a moment, or send a new key"


@dataclass(frozen=True)
class Answer:
    """To the request whose body has this digest."""

    body_digest: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def claim(tx: Transaction, workspace_id: str, key: str, answer: Answer, now: datetime) -> None:
    """Take the key for a request that is about to be worked on. Conflict if another one took it in between, whether it is still
    being worked on or was answered already: an answer is never taken back."""
    if not _inserted(tx, workspace_id, key, answer, now):
        raise Conflict(TAKEN)


def remember(tx: Transaction, workspace_id: str, key: str, answer: Answer, now: datetime) -> None:
    """Keep the answer, or put another status in place of the same request's. Conflict if the key is another request's."""
    if _inserted(tx, workspace_id, key, answer, now):
        return
    stored = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    same = and_(_this(workspace_id, key), table.c.body_digest == answer.body_digest, table.c.status != answer.status)
    if tx.execute(update(table).where(same).values(stored)).rowcount == 0:
        raise Conflict(TAKEN)


def _inserted(tx: Transaction, workspace_id: str, key: str, answer: Answer, now: datetime) -> bool:
    """False where a fresh row of this key is there already."""
    tx.execute(delete(table).where(_this(workspace_id, key), table.c.created_at <= now - KEPT))
    stored = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    row = stored | {"workspace_id": workspace_id, "key": key, "body_digest": answer.body_digest, "created_at": now}
    return insert_if_missing(tx, table, row)


def recall(tx: Transaction, workspace_id: str, key: str, now: datetime) -> Answer | None:
    fresh = and_(_this(workspace_id, key), table.c.created_at > now - KEPT)
    row = tx.execute(select(table.c.body_digest, table.c.status, table.c.headers, table.c.body).where(fresh)).one_or_none()
    return None if row is None else Answer(row.body_digest, row.status, row.headers, bytes(row.body))


def forget(tx: Transaction, workspace_id: str, key: str) -> None:
    """The request had no effect, and its key may be used again."""
    tx.execute(delete(table).where(_this(workspace_id, key)))


def forget_old(tx: Transaction, now: datetime) -> None:
    tx.execute(delete(table).where(table.c.created_at <= now - KEPT))


def _this(workspace_id: str, key: str) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == workspace_id, table.c.key == key)
