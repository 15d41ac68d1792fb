"""GET /health: open to all, for load balancers; it says whether the database answers and nothing else."""

from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field

from auditor.errors import Unavailable
from auditor.store import keys
from auditor.web.api.shapes import Shown
from auditor.web.current import services

bp = APIBlueprint("health", __name__, url_prefix="/health", tag="Health")


class Health(Shown):
    status: Literal["ok"] = Field("ok", description="always ok; a service that is not answers 503")


@bp.get("")
@bp.output(Health)
def show() -> Health:
    """Is the service ready?"""
    try:
        with services().database.read() as tx:
            keys.list_keys(tx, "")
    except Unavailable:
        raise Unavailable("The database does not answer; try again in a moment.") from None
    return Health(status="ok")
