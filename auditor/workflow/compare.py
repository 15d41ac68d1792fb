"""The difference between two audits of the same records: did retraining, a defence or a new version change the leak?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.domain.audit import Audit, AuditStatus
from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Estimate
from auditor.domain.seeds import derive
from auditor.errors import AttackFailed, Conflict, NotFound
from auditor.scoring import paired
from auditor.scoring.assess import Grading
from auditor.store import audits
from auditor.workflow.compare_caveats import caveats, looked
from auditor.workflow.look import Item, Look
from auditor.workflow.material import Material, of_audit
from auditor.workflow.services import Services

SAME = "audit both with the same files, columns and seed"


@dataclass(frozen=True)
class ComparedAttack:
    """`estimates` are second minus first: above 0, the second target leaks more."""

    attack: str
    estimates: tuple[Estimate, ...]
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return {"attack": self.attack, "estimates": [e.as_json() for e in self.estimates], "sentence": self.sentence}


@dataclass(frozen=True)
class Comparison:
    """`first_only`, `second_only`: membership attacks that one of the two audits lacks. `caveats`: reasons beside the targets why
    the two may differ."""

    first: str
    second: str
    members: int
    non_members: int
    attacks: tuple[ComparedAttack, ...]
    first_only: tuple[str, ...]
    second_only: tuple[str, ...]
    caveats: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "members": self.members,
            "non_members": self.non_members,
            "attacks": [attack.as_json() for attack in self.attacks],
            "first_only": list(self.first_only),
            "second_only": list(self.second_only),
            "caveats": list(self.caveats),
        }


def compare(services: Services, workspace_id: str, first_id: str, second_id: str) -> Comparison:
    """The paired difference of every membership attack that both audits ran with the same parameters.

    Raises Conflict where the two are not of the same records with the same members, or where evidence is gone.
    """
    if first_id == second_id:
        raise Conflict("these are one and the same audit; name two audits of the same records")
    first, second = (_material(services, workspace_id, one) for one in (first_id, second_id))
    _refuse_others(first, second)
    before, after = _scores(services, first), _scores(services, second)
    terms = paired.Terms(first.data.is_member, _shadows(first) == _shadows(second))
    common = [key for key in before if key in after]
    if not common:
        raise Conflict("the two audits have no membership attack in common; run the same attacks in both")
    grading = Grading(None, len(common), seed=derive(first.spec.seed, "compare"))
    return Comparison(
        first_id,
        second_id,
        int(terms.is_member.sum()),
        int((~terms.is_member).sum()),
        tuple(_compared(key, (before[key], after[key]), terms, grading) for key in common),
        tuple(key for key in before if key not in after),
        tuple(key for key in after if key not in before),
        caveats(first, second),
    )


def _compared(key: str, pair: paired.Pair, terms: paired.Terms, grading: Grading) -> ComparedAttack:
    """Evidence that cannot be graded says why, and stops no other comparison."""
    try:
        return ComparedAttack(key, paired.difference(pair, terms, grading), paired.change(pair, terms, grading))
    except AttackFailed as broken:
        return ComparedAttack(key, (), broken.sentence)


def _material(services: Services, workspace_id: str, audit_id: str) -> Material:
    with services.database.read() as tx:
        audit = audits.get(tx, workspace_id, audit_id)
    if audit.status is not AuditStatus.COMPLETED:
        raise Conflict(f"audit {audit.id} is {audit.status}; only completed audits can be compared")
    try:
        return of_audit(services, audit)
    except NotFound:
        raise Conflict(_forgotten(audit)) from None


def _refuse_others(first: Material, second: Material) -> None:
    if first.data.digest != second.data.digest:
        raise Conflict(f"the two audits are not of the same records, so nothing is paired; {SAME}")
    if not np.array_equal(first.data.is_member, second.data.is_member):
        raise Conflict(
            "the two audits hold the same records but not the same members; both targets must be trained on the same ones"
        )


def _shadows(material: Material) -> dict[str, str]:
    """Content of the shadow models by index: thresholds of different ones differ by chance."""
    steps = (r["digests"] for key, r in material.results.items() if key.startswith("shadows:"))
    return {index: digest for digests in steps for index, digest in digests.items()}


def _scores(services: Services, material: Material) -> dict[str, MembershipScores]:
    """Evidence of the membership attacks at the look that the result rests on, by name and parameters."""
    look = Look(services, material, looked(material), 1.0)
    found = {}
    for item in material.results["probe"]["run"]:
        ran = look.result("attack", item)
        if item["family"] == "membership" and ran is not None:
            found[_name(item)] = _evidence(look, ran["evidence"], item)
    return found


def _evidence(look: Look, digest: str, item: Item) -> MembershipScores:
    try:
        evidence = look.independent(digest, item)
    except NotFound:
        raise Conflict(_forgotten(look.material.audit)) from None
    assert isinstance(evidence, MembershipScores)  # noqa: S101 - the family's kind of evidence
    return evidence


def _name(item: Mapping[str, Any]) -> str:
    """The attack with the parameters that it was asked to have."""
    params = ", ".join(f"{key} {value}" for key, value in sorted(item["params"].items()))
    return f"{item['attack']} ({params})" if params else str(item["attack"])


def _forgotten(audit: Audit) -> str:
    return f"the records or the evidence of audit {audit.id} are gone, because they are kept for a limited time; audit again"
