"""What if the target answered less? A finished audit, graded again behind channels that say less, and what each costs its users.

Nothing is asked: recorded answers and stored shadows go through the channel, and the attacks run again on what is left.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.domain.audit import Audit, AuditStatus, StepKind, StepStatus
from auditor.domain.finding import Estimate, Outcome
from auditor.errors import Conflict, NotFound
from auditor.scoring import usefulness
from auditor.scoring.defences import Defence, by_cost, cheapest, cheapest_for_all
from auditor.shadows.channels import AS_IT_IS, Channel, fewer
from auditor.store import audits
from auditor.store.engine import Transaction
from auditor.workflow.look import Look
from auditor.workflow.material import Material, of_audit
from auditor.workflow.services import Services
from auditor.workflow.target_checks import checks_of
from auditor.workflow.what_if_costs import utility_of
from auditor.workflow.what_if_graded import FAMILIES, Row, comes_out_again, rows_of
from auditor.workflow.what_if_recorded import GONE, Behind, Recorded, recorded_of
from auditor.workflow.what_if_words import defence_json, notes_of, words_of

VERSION = 1
KIND = "what-if"
MOST_ANSWERS = 500_000

Document = dict[str, Any]
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Channelled:
    """All attacks behind one channel, and what it costs."""

    channel: Channel
    rows: tuple[Row, ...]
    utility: tuple[Estimate, ...]

    @property
    def defence(self) -> Defence:
        return Defence(self.channel.name, usefulness.cost(self.utility), tuple(row.tried for row in self.rows))

    def as_json(self) -> Document:
        families = {row.tried.family for row in self.rows}
        return {
            "channel": self.channel.name,
            "words": words_of(self.channel),
            "families": {family: str(self.defence.family(family)) for family in FAMILIES if family in families},
            "attacks": [row.as_json() for row in self.rows],
            "utility": [e.as_json() for e in self.utility],
        }


def what_if(services: Services, workspace_id: str, audit_id: str, progress: Progress = lambda fraction: None) -> Document:
    """The table of a completed audit, made once and then kept; `progress` is told 0 to 1.

    Raises Conflict where the audit is not completed, where its target says too little to say less, and where what was recorded is
    gone.
    """
    with services.database.read() as tx:
        audit = audits.get(tx, workspace_id, audit_id)
        kept = stored(tx, services, audit)
    if kept is not None:
        return kept
    document = computed(services, audit, progress)
    with services.database.begin() as tx:
        services.artifacts.put(tx, workspace_id, _written(document), kind=KIND, key=_key(audit))
        again = stored(tx, services, audit)
    assert again is not None  # noqa: S101 - it was just stored
    return again


def within_a_request(services: Services, workspace_id: str, audit_id: str) -> Document:
    """The same for those who wait for an answer: raises Conflict where it would take more than a minute or so."""
    with services.database.read() as tx:
        audit = audits.get(tx, workspace_id, audit_id)
        kept = stored(tx, services, audit)
    if kept is None and _answers(audit.result or {}) > MOST_ANSWERS:
        raise Conflict(
            f"this audit is too large to try channels on in a request; run `auditor what-if {audit_id}` beside the database"
        )
    return kept or what_if(services, workspace_id, audit_id)


def _answers(result: Document) -> int:
    """How many probabilities the attacks read behind one channel."""
    data, method = result.get("data") or {}, result.get("method") or {}
    candidates = (data.get("members") or 0) + (data.get("non_members") or 0)
    classes = len(((result.get("target") or {}).get("profile") or {}).get("classes") or ())
    return int(candidates * (1 + (method.get("shadows") or 0)) * classes * len(result.get("findings") or ()))


def stored(tx: Transaction, services: Services, audit: Audit) -> Document | None:
    """The table if it was made; None where it was not."""
    key = _key(audit)
    digest = services.artifacts.find(tx, audit.workspace_id, [key]).get(key)
    if digest is None:
        return None
    document: Document = json.loads(services.artifacts.get(tx, audit.workspace_id, digest))
    return document


def with_what_if(tx: Transaction, services: Services, audit: Audit) -> Document:
    """The result document of a completed audit with the table beside it, where it was made: what reports are made from."""
    kept = stored(tx, services, audit)
    return (audit.result or {}) | ({} if kept is None else {"what_if": kept})


def computed(services: Services, audit: Audit, progress: Progress = lambda fraction: None) -> Document:
    """The table, made anew: the same audit gives the same bytes."""
    recorded = _recorded(services, audit)
    channels = fewer(recorded.profile)
    before = Behind(recorded, AS_IT_IS)
    rows = [tuple(rows_of(before, 1.0))]
    found = [Channelled(AS_IT_IS, rows[0], utility_of(before, before))]
    for position, channel in enumerate(channels):
        progress((position + 1) / (len(channels) + 1))
        behind = Behind(recorded, channel)
        found.append(Channelled(channel, tuple(rows_of(behind, 1.0 / len(channels))), utility_of(before, behind)))
    progress(1.0)
    return _document(audit, recorded.look, found, comes_out_again(before))


def _recorded(services: Services, audit: Audit) -> Recorded:
    if audit.status is not AuditStatus.COMPLETED:
        raise Conflict(f"the audit is {audit.status}; wait for its end or resume it, then try channels on it")
    try:
        look = _last_look(services, of_audit(services, audit))
        recorded = recorded_of(Look(services, look.material, look.shadows, look.share, checks_of(look)))
    except NotFound:
        raise Conflict(GONE) from None
    if not fewer(recorded.profile):
        raise Conflict(f"this target answers {recorded.profile.output}, and there is no channel here that says less")
    return recorded


def _last_look(services: Services, material: Material) -> Look:
    """The look on which the result rests."""
    grades = [s for s in material.steps if s.kind is StepKind.GRADE and s.status is StepStatus.DONE]
    last = max(grades, key=lambda step: step.params["look"])
    return Look(services, material, last.params["shadows"], 1.0 / last.params["looks"])


def _document(audit: Audit, look: Look, found: Sequence[Channelled], is_same: bool) -> Document:
    now, tried = found[0], {c.channel.name: c for c in found[1:]}
    defences = [c.defence for c in tried.values()]
    above = {r.tried.attack: r.tried.family for r in now.rows if _is_above(now.defence, r)}
    best = cheapest_for_all(defences, above) if above else None
    levels = {family: look.material.spec.resolved_policy.level(family) for family in FAMILIES}
    return {
        "version": VERSION,
        "audit": audit.id,
        "levels": levels,
        "channels": len(tried),
        "comes_out_again": is_same,
        "as_it_is": now.as_json(),
        "tried": [tried[d.name].as_json() for d in by_cost(defences)],
        "defences": [
            defence_json(row.tried, levels[row.tried.family], cheapest(defences, row.tried.attack, row.tried.family))
            for row in now.rows
            if row.tried.attack in above
        ],
        "cheapest_for_all": None if best is None else best.name,
        "notes": notes_of(len(tried), is_same),
    }


def _is_above(now: Defence, row: Row) -> bool:
    """Has this finding to be brought down? Not one that the audit's own verdict sets aside."""
    return row.tried.outcome in (Outcome.BREACH, Outcome.INCONCLUSIVE) and not now.is_set_aside(row.tried)


def _key(audit: Audit) -> str:
    return f"what-if:{VERSION}:{audit.id}"


def _written(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True, allow_nan=False).encode()
