"""Proof of control at work: shown before an audit, asked for when it is submitted and whenever a step starts to ask the target."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.attacks import registry
from auditor.domain.attack import Checkpoint
from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.control import Proof, ProofKind, Wish, shortfall
from auditor.domain.spec import AuditSpec, parse
from auditor.errors import Cancelled, Conflict, InvalidInput
from auditor.querying.control_scope import covers
from auditor.querying.endpoint import parse_url
from auditor.store import audits, events, proofs
from auditor.store.engine import Transaction
from auditor.workflow.offer import requested_attacks
from auditor.workflow.services import Services

SHOWN = "control.shown"
NOBODY = "Nobody has shown control over this endpoint."
HOW = (
    "place a token or a DNS record (see the target's page, or `auditor control token`), or have an authorisation accepted"
    " (`auditor control accept`); AUDITOR_REQUIRE_CONTROL=0 does without"
)


@dataclass(frozen=True)
class Standing:
    """The newest proof that covers a wish or, without one, what the newest proof for this endpoint lacks."""

    proof: Proof | None
    lacks: str = ""


def standing(tx: Transaction, workspace_id: str, wish: Wish, now: datetime) -> Standing:
    known = of_endpoint(tx, workspace_id, wish.url)
    gaps = [(proof, shortfall(proof, wish, now)) for proof in known]
    found = next((proof for proof, gap in gaps if gap is None), None)
    if found is not None or not gaps:
        return Standing(found)
    proof, gap = gaps[0]
    return Standing(None, f"the proof by {proof.shown_by} {gap}")


def of_endpoint(tx: Transaction, workspace_id: str, url: str) -> list[Proof]:
    """Every proof that speaks of this URL, newest first, valid or not."""
    try:
        endpoint = parse_url(url)
    except InvalidInput:  # a model that is no endpoint
        return []
    return [proof for proof in proofs.proofs(tx, workspace_id) if covers(proof.scope, endpoint)]


def wish_of(spec: AuditSpec) -> Wish:
    names = dict.fromkeys(wanted.name for wanted in requested_attacks(spec))
    attacks = tuple((name, str(registry.find(name).family)) for name in names)
    return Wish(spec.target_block.url, attacks, spec.budget.queries)


def is_local(url: str) -> bool:
    """On the auditor's own machine, whose owner is asking; also what is no URL at all."""
    if not url:  # a submitted model file
        return True
    try:
        return parse_url(url).is_loopback
    except InvalidInput:
        return True


def is_required(services: Services, url: str) -> bool:
    return services.settings.requires_control and not is_local(url)


def required_in(tx: Transaction, services: Services, workspace_id: str, spec: AuditSpec) -> Proof | None:
    """When an audit is submitted: the proof that covers it. Raises Conflict where there must be one and is none."""
    wish = wish_of(spec)
    found = standing(tx, workspace_id, wish, services.clock())
    if found.proof is None and is_required(services, wish.url):
        why = f"Control over this endpoint is not shown for this audit: {found.lacks}" if found.lacks else NOBODY.rstrip(".")
        raise Conflict(f"{why}; {HOW}.")
    return found.proof


def record_in(tx: Transaction, audit: Audit, proof: Proof, now: datetime) -> None:
    """An event of the audit, from which the report is written: proofs may be withdrawn later, what stood then stays."""
    details, target_id = proof.as_json(), audit.target_id
    events.add(tx, audit.workspace_id, SHOWN, proof.sentence, now, audit_id=audit.id, target_id=target_id, details=details)


def watched(services: Services, audit: Audit, checkpoint: Checkpoint) -> Callable[[], None]:
    """The checkpoint of a step that asks the target: it stops the audit once no proof covers it any more. Raises Cancelled."""
    ends = _admit(services, audit)

    def check() -> None:
        nonlocal ends
        if ends is not None and services.clock() >= ends:
            ends = _admit(services, audit)
        checkpoint(0.0)

    return check


def document(services: Services, audit: Audit) -> dict[str, Any]:
    """`control` of the result: what was shown while the target was asked."""
    with services.database.read() as tx:
        shown = _recorded(tx, audit)
    sentences = list(dict.fromkeys(str(one["sentence"]) for one in shown)) or _nobody(audit)
    return {"shown": bool(shown), "sentence": " ".join(sentences), "proofs": shown}


def _nobody(audit: Audit) -> list[str]:
    url = str((audit.spec.get("target") or {}).get("url") or "")
    if not url:
        return ["The model was submitted as a file: there is no endpoint to show control over."]
    return [NOBODY, "It is on the auditor's own machine."] if is_local(url) else [NOBODY]


def told(services: Services, audit: Audit) -> str:
    return str(document(services, audit)["sentence"])


def _recorded(tx: Transaction, audit: Audit) -> list[dict[str, Any]]:
    """In the order in which they were relied on, each once."""
    return list({event.details["id"]: event.details for event in events.of_audit(tx, audit.id, SHOWN)}.values())


def _admit(services: Services, audit: Audit) -> datetime | None:
    """Until when asking is covered; None where nothing has to be. An authorisation that an audit began under is kept to."""
    wish, now = wish_of(parse(audit.spec)), services.clock()
    with services.database.read() as tx:
        found, before = standing(tx, audit.workspace_id, wish, now), _recorded(tx, audit)
    if found.proof is not None:
        if found.proof.id not in [one["id"] for one in before]:
            with services.database.begin() as tx:
                record_in(tx, audit, found.proof, now)
        return found.proof.ends
    if is_required(services, wish.url) or any(one["kind"] == ProofKind.AUTHORISATION for one in before):
        _stop(services, audit, found.lacks or "control over the endpoint is no longer shown")
    return None


def _stop(services: Services, audit: Audit, lacks: str) -> None:
    """The audit ends here with what it has; resumed under a new proof, it goes on."""
    reason = f"The target is asked no more: {lacks}; show control again (`auditor control`), then resume the audit."
    now = services.clock()
    with services.database.begin() as tx:
        audits.lock_audit(tx, audit.id)
        if audits.close(tx, audit.id, status=AuditStatus.FAILED, now=now, reason=reason):
            told = f"{audit.name}: {reason}"
            events.add(tx, audit.workspace_id, "audit.failed", told, now, audit_id=audit.id, target_id=audit.target_id)
    raise Cancelled(reason)
