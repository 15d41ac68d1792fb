"""API keys. A key is shown once and kept as SHA-256: it is 256 random bits, so a slow hash would add nothing."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from auditor.domain.catalog import ApiKey, Role
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, missing, new_id, owner_exists
from auditor.store.tables import api_key

MARK = "pat"
TOUCHED_EVERY = timedelta(minutes=1)

_COLUMNS = columns_of(api_key, ApiKey)


def create_key(
    tx: Transaction, workspace_id: str, name: str, role: Role, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """The key and its plain text `pat_<id>_<secret>`, which nobody can read again."""
    owner_exists(tx, workspace_id)
    prefix = f"{MARK}_{secrets.token_hex(6)}"
    plain = f"{prefix}_{secrets.token_urlsafe(32)}"
    made = ApiKey(new_id(), workspace_id, checked_name(name), Role(role), prefix, now, expires_at=expires_at)
    values = {column.name: getattr(made, column.name) for column in _COLUMNS}
    tx.execute(insert(api_key).values(values | {"digest": _digest(plain)}))
    return made, plain


def authenticate(tx: Transaction, plain: str, now: datetime) -> ApiKey | None:
    """The key behind this text, unless it is unknown, revoked or expired. Only reads: whoever guesses keys holds up no writer."""
    if not (plain.isascii() and plain.isprintable()):
        return None
    prefix = "_".join(plain.split("_", 2)[:2])
    row = tx.execute(select(*_COLUMNS, api_key.c.digest).where(api_key.c.prefix == prefix)).one_or_none()
    stored = bytes(row.digest) if row is not None else bytes(32)
    # Compared even where there is no such key, so that the time it takes tells nothing.
    if not hmac.compare_digest(_digest(plain), stored) or row is None:
        return None
    found = ApiKey(**{column.name: getattr(row, column.name) for column in _COLUMNS})
    if found.revoked or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found


def is_use_due(key: ApiKey, now: datetime) -> bool:
    """Its use is noted at most once a minute."""
    return key.last_used_at is None or now - key.last_used_at >= TOUCHED_EVERY


def note_use(tx: Transaction, key: ApiKey, now: datetime) -> None:
    tx.execute(update(api_key).where(api_key.c.id == key.id).values(last_used_at=now))


def get_key(tx: Transaction, workspace_id: str, key_id: str) -> ApiKey:
    row = tx.execute(select(*_COLUMNS).where(api_key.c.id == key_id, api_key.c.workspace_id == workspace_id)).one_or_none()
    if row is None:
        raise missing(api_key)
    return as_value(ApiKey, row)


def list_keys(tx: Transaction, workspace_id: str) -> list[ApiKey]:
    """Newest first, revoked ones too."""
    chosen = select(*_COLUMNS).where(api_key.c.workspace_id == workspace_id).order_by(api_key.c.id.desc())
    return [as_value(ApiKey, row) for row in tx.execute(chosen)]


def revoke_key(tx: Transaction, workspace_id: str, key_id: str) -> None:
    """For good; revoking twice changes nothing."""
    mine = (api_key.c.id == key_id, api_key.c.workspace_id == workspace_id)
    if tx.execute(update(api_key).where(*mine).values(revoked=True)).rowcount == 0:
        raise missing(api_key)


def _digest(plain: str) -> bytes:
    return hashlib.sha256(plain.encode()).digest()
