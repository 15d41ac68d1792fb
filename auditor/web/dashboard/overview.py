"""Every target at a glance: how its latest audit ended, where it is heading, when it is audited next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from auditor.domain.audit import AuditStatus
from auditor.domain.catalog import Event, Role
from auditor.report import TrendPoint, numbers, spark_svg, words
from auditor.store import events, views
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard.pages import blueprint

RECENT_EVENTS = 100


@dataclass(frozen=True)
class Line:
    """A target with its trend drawn."""

    target: views.TargetOverview
    spark: str


@blueprint.get("/")
@needs(Role.VIEWER)
def overview() -> ResponseReturnValue:
    with services().database.read() as tx:
        found = views.overview(tx, workspace_id())
        recent, _ = events.page(tx, workspace_id(), RECENT_EVENTS)
    lines = [Line(target, spark_svg(_points(target), _trend_words(target))) for target in sorted(found, key=_attention)]
    return render_template("dashboard/overview.html", lines=lines, risen=_risen(found, recent), summary=_summary(found))


def _attention(target: views.TargetOverview) -> tuple[int, float, str]:
    """What asks for attention comes first: breaches by score, then what failed or could not tell, then the rest by name."""
    latest = target.latest
    if latest is None or latest.status is AuditStatus.RUNNING:
        return 2, 0.0, target.name
    order = {"breach": 0, "inconclusive": 1, "pass": 2}
    return order.get(latest.outcome or "", 1), -(latest.score or 0.0) if latest.outcome == "breach" else 0.0, target.name


def _points(target: views.TargetOverview) -> list[TrendPoint]:
    return [TrendPoint(numbers.day(p.at), p.outcome or "", p.score, version=p.score_version) for p in target.trend]


def _trend_words(target: views.TargetOverview) -> str:
    """What the small line shows, for those who cannot see it."""
    scores = ", ".join("inconclusive" if p.score is None else numbers.score(p.score) for p in target.trend)
    return f"Scores of the last {words.plural(len(target.trend), 'audit')}, oldest first: {scores}"


def _risen(found: Sequence[views.TargetOverview], recent: Sequence[Event]) -> list[Event]:
    """Levels that rose in the latest audit of a target; the next audit takes the banner away."""
    latest = {target.latest.audit_id for target in found if target.latest}
    return [event for event in recent if event.kind == "severity.risen" and event.audit_id in latest]


def _summary(found: Sequence[views.TargetOverview]) -> list[tuple[str, int]]:
    """How many targets stand how, for the line under the title."""
    known = [target.latest for target in found if target.latest]
    outcomes = Counter(latest.outcome for latest in known if latest.outcome)
    statuses = Counter(str(latest.status) for latest in known if not latest.outcome)
    counts = [(outcome, outcomes[outcome]) for outcome in ("breach", "inconclusive", "pass")]
    return [(word, count) for word, count in [*counts, *((s, statuses[s]) for s in ("failed", "running"))] if count]
