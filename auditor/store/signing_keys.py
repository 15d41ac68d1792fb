"""Public keys of the administrators whose signed authorisations a workspace believes."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from auditor.domain.control import SigningKey
from auditor.errors import Conflict
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, missing, new_id, owned, owner_exists
from auditor.store.tables import signing_key

_COLUMNS = columns_of(signing_key, SigningKey)


def create_signing_key(tx: Transaction, workspace_id: str, name: str, public: str, now: datetime) -> SigningKey:
    """`public` in its one spelling. A key that was revoked stays so: who holds it may no longer be the administrator."""
    owner_exists(tx, workspace_id)
    made = SigningKey(new_id(), workspace_id, checked_name(name), public, now)
    try:
        with tx.begin_nested():
            tx.execute(insert(signing_key).values({column.name: getattr(made, column.name) for column in _COLUMNS}))
    except IntegrityError:
        raise Conflict("this public key is registered already, or was revoked; register a new one") from None
    return made


def signing_keys(tx: Transaction, workspace_id: str) -> list[SigningKey]:
    """Newest first, revoked ones too."""
    chosen = select(*_COLUMNS).where(signing_key.c.workspace_id == workspace_id).order_by(signing_key.c.id.desc())
    return [as_value(SigningKey, row) for row in tx.execute(chosen)]


def get_signing_key(tx: Transaction, workspace_id: str, key_id: str) -> SigningKey:
    return owned(tx, signing_key, SigningKey, workspace_id, key_id)


def revoke_signing_key(tx: Transaction, workspace_id: str, key_id: str) -> None:
    """For good, with everything that it signed."""
    mine = (signing_key.c.id == key_id, signing_key.c.workspace_id == workspace_id)
    if tx.execute(update(signing_key).where(*mine).values(revoked=True)).rowcount == 0:
        raise missing(signing_key)
