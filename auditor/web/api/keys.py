"""API keys: made by an admin, shown once, kept as a hash, revoked for good."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from auditor.domain.catalog import Role
from auditor.errors import Conflict, InvalidInput
from auditor.store import events, keys
from auditor.web.access import needs
from auditor.web.api.shapes import Checked, Name, Shown, nothing
from auditor.web.current import principal, services, workspace_id

bp = APIBlueprint("keys", __name__, url_prefix="/keys", tag="Keys")


class KeyIn(Checked):
    name: Name
    role: Role = Field(description="viewer, auditor, record-reader or admin")
    expires_at: AwareDatetime | None = Field(None, description="with its zone; null: never")


class KeyOut(Shown):
    id: str
    name: str
    role: Role
    prefix: str = Field(description="how the key begins, to tell keys apart")
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked: bool


class NewKey(KeyOut):
    key: str = Field(description="the key itself: shown here and never again")


class KeyList(Shown):
    items: list[KeyOut]
    next: None = Field(None, description="always null: keys come in one page")


@bp.post("")
@needs(Role.ADMIN)
@bp.input(KeyIn)
@bp.output(NewKey, status_code=201)
def create(json_data: KeyIn) -> tuple[NewKey, int]:
    """Make a key. Idempotency-Key has no effect here: a key that is shown once cannot be shown again."""
    here, expires_at = services(), json_data.expires_at
    if expires_at is not None and expires_at <= here.clock():
        raise InvalidInput("expires_at", "choose a moment in the future, or leave it out")
    with here.database.begin() as tx:
        made, plain = keys.create_key(tx, workspace_id(), json_data.name, json_data.role, here.clock(), expires_at)
        sentence = f"{principal().name} made the key {made.name} with the role {made.role}"
        events.add(tx, workspace_id(), "key.created", sentence, here.clock())
    return NewKey(**KeyOut.of(made).model_dump(), key=plain), 201


@bp.get("")
@needs(Role.ADMIN)
@bp.output(KeyList)
def index() -> KeyList:
    """The keys of the workspace: what they may do and when they were last used, never the keys themselves."""
    with services().database.read() as tx:
        return KeyList(items=[KeyOut.of(key) for key in keys.list_keys(tx, workspace_id())])


@bp.delete("/<key_id>")
@needs(Role.ADMIN)
@bp.doc(responses={204: "Revoked"})
def revoke(key_id: str) -> Response:
    """Revoke a key: it opens nothing from now on, and neither do sessions opened with it."""
    if key_id == principal().key_id:
        raise Conflict("This is the key you are using; revoke it with another admin key, so that nobody locks everybody out.")
    here = services()
    with here.database.begin() as tx:
        keys.revoke_key(tx, workspace_id(), key_id)
        events.add(tx, workspace_id(), "key.revoked", f"{principal().name} revoked a key", here.clock())
    return nothing()
