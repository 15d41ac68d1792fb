"""Policies of a workspace, beside the built-in ones."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from auditor.domain.policy import Policy
from auditor.errors import NotFound
from auditor.store.engine import Transaction
from auditor.store.rows import checked_name, missing, new_id, owner_exists
from auditor.store.tables import policy as table


def save_policy(tx: Transaction, workspace_id: str, policy: Policy, now: datetime) -> None:
    """Takes the place of the one with the same name; audits keep the levels they were frozen with."""
    owner_exists(tx, workspace_id)
    name = checked_name(policy.name)
    tx.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.name == name))
    values = {"id": new_id(), "workspace_id": workspace_id, "name": name, "levels": dict(policy.levels), "created_at": now}
    tx.execute(insert(table).values(values))


def policies(tx: Transaction, workspace_id: str) -> list[Policy]:
    """By name."""
    rows = tx.execute(select(table.c.name, table.c.levels).where(table.c.workspace_id == workspace_id).order_by(table.c.name))
    return [Policy(row.name, row.levels) for row in rows]


def get_policy(tx: Transaction, workspace_id: str, name: str) -> Policy:
    row = tx.execute(select(table.c.levels).where(table.c.workspace_id == workspace_id, table.c.name == name)).one_or_none()
    if row is None:
        raise NotFound("there is no policy with this name in this workspace")
    return Policy(name, row.levels)


def delete_policy(tx: Transaction, workspace_id: str, name: str) -> None:
    if tx.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.name == name)).rowcount == 0:
        raise missing(table)
