"""What differs between kinds of attacks around the attack itself: the targets of its controls, the truth its evidence is held
against, and what its controls say. A kind is a module here and an entry in KINDS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Evidence
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring.assess import Grading, Truth
from auditor.workflow.case import Case
from auditor.workflow.kinds import attribute, disclosures, extraction, membership, missing_record, property, reconstruction
from auditor.workflow.look import Item, Look

Targets = Mapping[str, Query]


@dataclass(frozen=True)
class Kind:
    """`targets`: models whose truth is known, by name of the control; none where nothing is sampled. `truth`: what evidence of this
    kind is held against. `checks`: what the evidence on those targets says of the attack."""

    targets: Callable[[Attack, AuditData, ShadowOutputs | None, int], Targets]
    truth: Callable[[Look, Item], Truth]
    checks: Callable[[Look, Case, Mapping[str, Evidence], Grading], dict[str, Control]]
    has_baseline: bool = True
    has_controls: bool = True


KINDS: dict[str, Kind] = {
    "membership": Kind(membership.targets, membership.truth, membership.checks, has_baseline=False),
    "attribute": Kind(attribute.targets, attribute.truth, attribute.checks),
    "extraction": Kind(extraction.targets, extraction.truth, extraction.checks),
    "reconstruction": Kind(reconstruction.targets, reconstruction.truth, reconstruction.checks),
    "missing-record": Kind(missing_record.targets, missing_record.truth, missing_record.checks),
    "records": Kind(disclosures.targets, reconstruction.truth, disclosures.checks, has_baseline=False, has_controls=False),
    "exposure": Kind(disclosures.targets, disclosures.truth, disclosures.checks, has_baseline=False, has_controls=False),
    "property": Kind(property.targets, property.truth, property.checks, has_baseline=False, has_controls=False),
    "disclosures": Kind(disclosures.targets, disclosures.truth, disclosures.checks, has_baseline=False, has_controls=False),
}


def kind_of(attack: Attack) -> Kind:
    """By `attack.kind`; an attack of an installed package whose kind is not known here is a membership attack."""
    return KINDS.get(attack.kind, KINDS["membership"])
