"""What a score means, in every version that history may hold."""

from flask import render_template
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.report.definition import DEFINITIONS
from auditor.web.access import needs
from auditor.web.dashboard.pages import blueprint


@blueprint.get("/score")
@needs(Role.VIEWER)
def score() -> ResponseReturnValue:
    return render_template("dashboard/score.html", definitions=[DEFINITIONS[v] for v in sorted(DEFINITIONS, reverse=True)])
