"""One target over its audits, and starting its audit again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from auditor import workflow
from auditor.domain.audit import Audit
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.errors import Conflict
from auditor.report import NARROW, TrendPoint, numbers, trend_svg
from auditor.store import audits, findings, targets
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.control_panel import panel_of
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import resolved

SHOWN = 50


@dataclass(frozen=True)
class Row:
    """One completed audit with the interval of its leading finding."""

    audit: findings.PastAudit
    leading: findings.Scored | None

    @property
    def span(self) -> str:
        lead = self.leading
        return numbers.span(lead.score_low, lead.score_high) if lead else numbers.DASH


@blueprint.get("/targets/<uuid:target_id>")
@needs(Role.VIEWER)
def target(target_id: UUID) -> ResponseReturnValue:
    return target_page(target_id)


def target_page(target_id: UUID, mistake: str = "") -> str:
    """`mistake`: why control over the endpoint could not be shown just now."""
    with services().database.read() as tx:
        found = targets.get_target(tx, workspace_id(), str(target_id))
        past = findings.history(tx, workspace_id(), found.id)
        latest = _latest(tx, found.id)
        control = panel_of(tx, str(found.spec.get("url") or ""), mistake)
    rows = [Row(audit, leading_of(audit)) for audit in past][-SHOWN:]
    title = f"Score of each audit of {found.name}, oldest first, with its interval"
    points = [_point(row) for row in rows]
    charts = [trend_svg(points, title), trend_svg(points, title, NARROW)]
    versions = sorted({row.audit.score_version for row in rows})
    shown = {"rows": rows[::-1], "charts": charts, "versions": versions, "control": control}
    return render_template("dashboard/target.html", target=found, latest=latest, **shown)


@blueprint.post("/targets/<uuid:target_id>/audit")
@needs(Role.AUDITOR)
def audit_again(target_id: UUID) -> ResponseReturnValue:
    """The latest audit of this target once more, against the target as it is registered now."""
    with services().database.read() as tx:
        found = targets.get_target(tx, workspace_id(), str(target_id))
        latest = _latest(tx, found.id)
        if latest is None:
            raise Conflict(f"{found.name} was never audited; start its first audit with a form that names its records")
        spec, _ = resolved(tx, workspace_id(), parse({**latest.spec, "target": found.id}))
    started = workflow.submit(services(), workspace_id(), spec, workflow.Origin(target_id=found.id))
    return redirect(url_for("dashboard.audit", audit_id=started.id), 303)


def leading_of(audit: findings.PastAudit) -> findings.Scored | None:
    """The finding that gave the audit its score; None where the audit has none."""
    same = [f for f in audit.findings if audit.score is not None and f.score == audit.score]
    return max(same, key=_lower_limit, default=None)


def _lower_limit(finding: findings.Scored) -> float:
    return finding.score_low or 0.0


def _point(row: Row) -> TrendPoint:
    audit, lead = row.audit, row.leading
    at = audit.finished_at or audit.created_at
    low, high = (lead.score_low, lead.score_high) if lead else (None, None)
    return TrendPoint(numbers.day(at), audit.outcome or "", audit.score, low, high, audit.score_version)


def _latest(tx: Transaction, target_id: str) -> Audit | None:
    found: Sequence[Audit] = audits.page(tx, workspace_id(), limit=1, target_id=target_id)[0]
    return found[0] if found else None
