"""What a finished audit would have found if its target answered less."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from auditor.domain.catalog import Role
from auditor.errors import NotFound
from auditor.store import audits
from auditor.web.access import needs
from auditor.web.api.replay import once
from auditor.web.api.shapes import Shown
from auditor.web.current import services, workspace_id
from auditor.workflow import what_if

bp = APIBlueprint("what_if", __name__, url_prefix="/audits/<audit_id>/what-if", tag="What if")


class WhatIfOut(Shown):
    version: int
    audit: str
    levels: dict[str, float | None] = Field(description="the policy's level of each family")
    channels: int = Field(description="how many were tried; they share the error level")
    comes_out_again: bool = Field(description="run again as it is, the attacks claim bit for bit what they claimed in the audit")
    as_it_is: dict[str, Any] = Field(description="the channel of the audit, in the shape of those in `tried`")
    tried: list[dict[str, Any]] = Field(description="channel, words, families, attacks and utility, the cheapest first")
    defences: list[dict[str, Any]] = Field(description="for each finding that does not pass, the cheapest that helps")
    cheapest_for_all: str | None = Field(description="the cheapest channel behind which all of them pass")
    notes: list[str]


@bp.post("")
@needs(Role.AUDITOR)
@bp.output(WhatIfOut)
@once
def create(audit_id: str) -> tuple[WhatIfOut, int, dict[str, str]]:
    """Try channels that say less on recorded answers; the target is asked nothing. What was tried before is not tried again."""
    return WhatIfOut.of(what_if.within_a_request(services(), workspace_id(), audit_id)), 200, {}


@bp.get("")
@needs(Role.VIEWER)
@bp.output(WhatIfOut)
def show(audit_id: str) -> WhatIfOut:
    """The table, where it was made."""
    here = services()
    with here.database.read() as tx:
        found = what_if.stored(tx, here, audits.get(tx, workspace_id(), audit_id))
    if found is None:
        raise NotFound(f"nothing was tried on this audit yet; POST /api/v1/audits/{audit_id}/what-if does")
    return WhatIfOut.of(found)
