"""Workspaces: who owns what. Accounts name the people of one; they sign in with keys."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from auditor.domain.catalog import Workspace
from auditor.errors import Conflict
from auditor.store.engine import Transaction
from auditor.store.rows import as_value, checked_name, columns_of, new_id, owner_exists
from auditor.store.tables import account, workspace


def create_workspace(tx: Transaction, name: str, now: datetime) -> Workspace:
    made = Workspace(new_id(), checked_name(name))
    try:
        with tx.begin_nested():
            tx.execute(insert(workspace).values(id=made.id, name=made.name, created_at=now))
    except IntegrityError:
        raise Conflict(f"there is already a workspace named {made.name!r}; choose another name") from None
    return made


def workspaces(tx: Transaction) -> list[Workspace]:
    """In the order they were made."""
    rows = tx.execute(select(*columns_of(workspace, Workspace)).order_by(workspace.c.id))
    return [as_value(Workspace, row) for row in rows]


def create_account(tx: Transaction, workspace_id: str, name: str, now: datetime) -> str:
    """A person of this workspace; returns the id."""
    owner_exists(tx, workspace_id)
    account_id = new_id()
    try:
        with tx.begin_nested():
            tx.execute(insert(account).values(id=account_id, workspace_id=workspace_id, name=checked_name(name), created_at=now))
    except IntegrityError:
        raise Conflict(f"there is already an account named {name.strip()!r}; choose another name") from None
    return account_id


def accounts(tx: Transaction, workspace_id: str) -> list[tuple[str, str]]:
    """Ids and names, by name."""
    chosen = select(account.c.id, account.c.name).where(account.c.workspace_id == workspace_id).order_by(account.c.name)
    return [(row.id, row.name) for row in tx.execute(chosen)]
