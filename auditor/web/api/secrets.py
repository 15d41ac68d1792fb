"""Secrets: credentials of targets. Their values go in and never come out; each is bound to one host."""

import re
from datetime import datetime
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, SecretStr, StringConstraints, field_validator

from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.store import events, secrets
from auditor.web.access import needs
from auditor.web.api.replay import once
from auditor.web.api.shapes import Checked, Name, PageOf, PageQuery, Shown, nothing, page
from auditor.web.current import principal, services, workspace_id

bp = APIBlueprint("secrets", __name__, url_prefix="/secrets", tag="Secrets")

HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?|[0-9a-f:.]{2,45}")
MOST_HOSTS = 2
FILES = ("-----BEGIN ", "{")
"""How a client certificate and the key file of a service account begin; these have lines."""


class SecretIn(Checked):
    name: Name
    host: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)] = Field(
        description="the host it may be sent to, as in the URL of the target; a server of tokens after a comma"
    )
    value: SecretStr = Field(min_length=1, max_length=10_000, description="the credential; never shown again")

    @field_validator("host")
    @classmethod
    def _hosts(cls, text: str) -> str:
        hosts = [host.strip() for host in text.split(",")]
        if len(hosts) > MOST_HOSTS or not all(HOST.fullmatch(host) for host in hosts):
            raise InvalidInput("host", "write the host alone, such as models.example.com: no scheme, port or path")
        return ",".join(hosts)

    @field_validator("value")
    @classmethod
    def _one_line(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        lines = text.splitlines() if text.startswith(FILES) else [text]
        if not all(line.isprintable() for line in lines):
            raise InvalidInput("value", "send the credential as one line of printable characters, or as PEM or a JSON key file")
        return value


class SecretOut(Shown):
    id: str
    name: str
    host: str
    created_at: datetime


class SecretPage(PageOf[SecretOut]):
    pass


@bp.post("")
@needs(Role.ADMIN)
@bp.input(SecretIn)
@bp.output(SecretOut, status_code=201)
@once
def create(json_data: SecretIn) -> tuple[SecretOut, int, dict[str, str]]:
    """Keep a credential, encrypted; only a worker that asks its host opens it."""
    here, value = services(), json_data.value.get_secret_value()
    with here.database.begin() as tx:
        record = secrets.create_secret(tx, workspace_id(), json_data.name, json_data.host, value, here.clock(), here.vault)
        sentence = f"{principal().name} stored the secret {record.name} for {record.host}"
        events.add(tx, workspace_id(), "secret.created", sentence, here.clock())
    return SecretOut.of(record), 201, {}


@bp.get("")
@needs(Role.ADMIN)
@bp.input(PageQuery, location="query")
@bp.output(SecretPage)
def index(query_data: PageQuery) -> Response:
    """The secrets of the workspace, without their values."""
    with services().database.read() as tx:
        found, cursor = secrets.page_secrets(tx, workspace_id(), limit=query_data.limit, cursor=query_data.cursor)
    return page([SecretOut.of(record) for record in found], cursor)


@bp.delete("/<secret_id>")
@needs(Role.ADMIN)
@bp.doc(responses={204: "Deleted"})
def delete(secret_id: str) -> Response:
    """Destroy a secret; targets that use it can no longer be asked."""
    here = services()
    with here.database.begin() as tx:
        secrets.delete_secret(tx, workspace_id(), secret_id)
        events.add(tx, workspace_id(), "secret.deleted", f"{principal().name} destroyed a secret", here.clock())
    return nothing()
