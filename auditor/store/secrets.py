"""Secrets: credentials of targets. They go in and are opened by workers alone; each is bound to the host it was stored for."""

from datetime import datetime

from sqlalchemy import String, cast, delete, insert, select

from auditor.domain.catalog import SecretRecord
from auditor.errors import Conflict, InvalidInput
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, new_id, owned, owner_exists, page_of
from auditor.store.tables import schedule, secret, target
from auditor.store.vault import Vault

HOST_LENGTH = 255

_COLUMNS = columns_of(secret, SecretRecord)


def create_secret(
    tx: Transaction, workspace_id: str, name: str, host: str, value: str, now: datetime, vault: Vault
) -> SecretRecord:
    owner_exists(tx, workspace_id)
    if not host or len(host) > HOST_LENGTH:
        raise InvalidInput("host", "name the host that this secret is sent to, such as models.example.com")
    if not value:
        raise InvalidInput("value", "a secret cannot be empty")
    made = SecretRecord(new_id(), workspace_id, checked_name(name), host.lower(), now)
    values = {column.name: getattr(made, column.name) for column in _COLUMNS}
    tx.execute(insert(secret).values(values | {"sealed": vault.seal(value, _belongs_to(made))}))
    return made


def get_secret(tx: Transaction, workspace_id: str, secret_id: str) -> SecretRecord:
    return owned(tx, secret, SecretRecord, workspace_id, secret_id)


def open_secret(tx: Transaction, workspace_id: str, secret_id: str, vault: Vault) -> tuple[SecretRecord, str]:
    """The record and its value, for the worker that is about to ask the target."""
    found = get_secret(tx, workspace_id, secret_id)
    sealed = tx.execute(select(secret.c.sealed).where(secret.c.id == found.id)).scalar_one()
    return found, vault.open(bytes(sealed), _belongs_to(found))


def page_secrets(
    tx: Transaction, workspace_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[SecretRecord], str | None]:
    """Newest first, without values."""
    rows, following = page_of(tx, select(*_COLUMNS).where(secret.c.workspace_id == workspace_id), secret.c.id, limit, cursor)
    return [as_value(SecretRecord, row) for row in rows], following


def delete_secret(tx: Transaction, workspace_id: str, secret_id: str) -> None:
    """Conflict while a target or a schedule of the workspace uses it."""
    get_secret(tx, workspace_id, secret_id)
    for table in (target, schedule):
        used = cast(table.c.spec, String).contains(secret_id)
        row = tx.execute(select(table.c.name).where(table.c.workspace_id == workspace_id, used).limit(1)).first()
        if row is not None:
            raise Conflict(f"the {table.name} {row.name!r} uses this secret; delete the {table.name} first")
    tx.execute(delete(secret).where(secret.c.id == secret_id))


def _belongs_to(record: SecretRecord) -> str:
    return f"secret|{record.workspace_id}|{record.id}|{record.host}"
