"""A row may point only at rows of its own workspace; a foreign id looks like one that does not exist."""

from sqlalchemy import select

from auditor.store.engine import Transaction
from auditor.store.rows import missing
from auditor.store.tables import audit, schedule, target

TABLES = {"target_id": target, "schedule_id": schedule, "audit_id": audit}


def check(tx: Transaction, workspace_id: str, **ids: str | None) -> None:
    """Raises NotFound for the first id (`target_id`, `schedule_id`, `audit_id`) that is not in this workspace."""
    for name, row_id in ids.items():
        if row_id is None:
            continue
        table = TABLES[name]
        found = tx.execute(select(table.c.id).where(table.c.id == row_id, table.c.workspace_id == workspace_id)).first()
        if found is None:
            raise missing(table)
