"""What could never run is refused when the audit is submitted, from its spec and the lengths of its files, not by the worker that
finds it out."""

from collections.abc import Mapping, Sequence

from auditor.attacks import registry
from auditor.domain.attack import Family
from auditor.domain.spec import AuditSpec
from auditor.errors import InvalidInput
from auditor.workflow.estimate import PROBE_LEAST, PROBE_MOST, VALUES_LEAST, Files, declared
from auditor.workflow.offer import chosen_on, least_of, requested_attacks
from auditor.workflow.prepare import MIN_SIDE, TOO_FEW

FEWEST_CANDIDATES = 2 * MIN_SIDE


def refuse_unstartable(spec: AuditSpec, rows: Mapping[str, int]) -> None:
    """Raises InvalidInput. Files may hold records twice: only what holds for the fewest records, too, is refused here."""
    offer = Files(rows).offer(spec, VALUES_LEAST)
    refuse_auto(spec, offer.auxiliary)
    is_tier = isinstance(spec.attacks, str)  # which runs what it can, and lists the rest
    beside = 0 if is_tier else least_of(spec, offer, declared(spec))
    if spec.budget.queries < PROBE_LEAST + FEWEST_CANDIDATES + beside:
        enough = PROBE_MOST + offer.candidates + chosen_on(spec, offer) + beside
        asked = f"the probe, every candidate once{'' if is_tier else ' and the fewest of the attacks that are named'}"
        raise InvalidInput(
            "budget.queries", f"{asked} take up to {enough:,} queries; the budget is {spec.budget.queries:,}; raise it to that"
        )


def refuse_auto(spec: AuditSpec, auxiliary: int, notes: Sequence[str] = ()) -> None:
    """On auxiliary records learners are compared, and there may be none; of the notes on the data one may say where they went."""
    trains = any(registry.find(attack.name).family == Family.MEMBERSHIP for attack in requested_attacks(spec))
    if spec.learner.name == "auto" and trains and not auxiliary:
        why = next((f" ({note[:1].lower()}{note[1:].rstrip('.')})" for note in notes if note.startswith(TOO_FEW)), "")
        raise InvalidInput("learner", f"auto compares learners on auxiliary records; give data.auxiliary or name the learner{why}")
