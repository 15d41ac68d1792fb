"""Proofs of control over endpoints: added, read, and withdrawn with the key that signed them."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select

from auditor.domain.control import Proof
from auditor.store.engine import Transaction
from auditor.store.rows import columns_of, new_id, owner_exists
from auditor.store.tables import proof, signing_key

_COLUMNS = columns_of(proof, Proof)


def add_proof(tx: Transaction, workspace_id: str, now: datetime, **known: Any) -> Proof:
    """`known`: the fields of a proof beside its id, workspace and time."""
    owner_exists(tx, workspace_id)
    made = Proof(id=new_id(), workspace_id=workspace_id, created_at=now, **known)
    row = {column.name: getattr(made, column.name) for column in _COLUMNS}
    tx.execute(insert(proof).values(row | {"attacks": list(made.attacks)}))
    return made


def proofs(tx: Transaction, workspace_id: str, after: datetime | None = None) -> list[Proof]:
    """Newest first, without those whose key was revoked; those that end after this moment, if one is given."""
    chosen = select(*_COLUMNS).outerjoin(signing_key, proof.c.key_id == signing_key.c.id)
    believed = or_(proof.c.key_id.is_(None), signing_key.c.revoked.is_(False))
    chosen = chosen.where(proof.c.workspace_id == workspace_id, believed).order_by(proof.c.id.desc())
    if after is not None:
        chosen = chosen.where(proof.c.ends > after)
    return [_value(row) for row in tx.execute(chosen)]


def _value(row: Any) -> Proof:
    fields = dict(row._mapping)
    return Proof(**fields | {"attacks": tuple(fields["attacks"])})
