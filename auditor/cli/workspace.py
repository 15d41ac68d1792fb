"""The workspace of a single machine, and the first key to it."""

from auditor.domain.catalog import Role
from auditor.store import keys, workspaces
from auditor.workflow import Services

FIRST_NAME = "main"


def first_workspace(services: Services) -> str:
    """The id of the oldest workspace, made if there is none."""
    with services.database.begin() as tx:
        known = workspaces.workspaces(tx)
        return known[0].id if known else workspaces.create_workspace(tx, FIRST_NAME, services.clock()).id


def first_key(services: Services) -> str | None:
    """A new admin key in plain, or None if this place already has one: a key is shown once."""
    workspace_id = first_workspace(services)
    with services.database.read() as tx:
        if any(key.role is Role.ADMIN and not key.revoked for key in keys.list_keys(tx, workspace_id)):
            return None
    return make_key(services, "first key", Role.ADMIN)


def make_key(services: Services, name: str, role: Role) -> str:
    """A key in plain."""
    workspace_id = first_workspace(services)
    with services.database.begin() as tx:
        return keys.create_key(tx, workspace_id, name, role, services.clock())[1]
