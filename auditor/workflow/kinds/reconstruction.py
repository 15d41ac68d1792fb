"""Reconstruction of class representatives: claims about classes against the members of each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auditor.attacks.inversion import class_inversion_known, mi_face_known
from auditor.attacks.inversion.generative import GMI
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData
from auditor.domain.evidence import Evidence, Reconstructions
from auditor.domain.finding import Control
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.threat import Sees
from auditor.scoring import reconstruction_controls
from auditor.scoring.assess import Grading, Originals, Truth
from auditor.scoring.shown_reconstructions import Shown, shown_reconstructions
from auditor.workflow.case import Case
from auditor.workflow.kinds import membership
from auditor.workflow.look import Item, Look

KNOWN = "known-classes"
LEFT_OUT = ("members_also_non_members", "unmatched_members", "duplicate_members")
"""Of what `duplicates` removes, the members."""


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """Prototypes that can be found, and pure noise. An attack that looks inside asks nothing: its model is computed with."""
    if attack.threat_model.sees is Sees.PARAMETERS:
        return {}
    known = class_inversion_known.prototypes(data.auxiliary, data.columns, len(data.classes), derive(seed, KNOWN))
    return {"known_target": known.answers, "noise_target": noise_target(len(data.classes), derive(seed, "noise-target"))}


def truth(look: Look, item: Item) -> Truth:
    data = look.material.data
    auxiliary = data.auxiliary if len(data.auxiliary) else None
    left_out = sum(data.removed.get(word, 0) for word in LEFT_OUT)
    originals = Originals(data.candidates, data.columns, auxiliary, data.bounds, left_out)
    return replace(membership.truth(look, item), originals=originals)


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    data = look.material.data
    if isinstance(case.attack, GMI):
        assert isinstance(case.evidence, Reconstructions)  # noqa: S101 - the kind's
        return {"known_target": reconstruction_controls.recognised(case.evidence)}
    if case.attack.threat_model.sees is Sees.PARAMETERS:
        return {"known_target": reconstruction_controls.computed(mi_face_known.corner_error(case.attack, grading.seed))}
    known, noise = ran["known_target"], ran["noise_target"]
    assert isinstance(known, Reconstructions) and isinstance(noise, Reconstructions)  # noqa: S101, PT018 - the same attack
    seed = derive(look.material.spec.seed, KNOWN)
    prototypes = class_inversion_known.prototypes(data.auxiliary, data.columns, len(data.classes), seed).records
    return {
        "known_target": reconstruction_controls.known(known, case.baseline, case.truth, prototypes),
        "noise_target": reconstruction_controls.noise(noise, case.baseline, case.truth, grading),
    }


def shown(look: Look, case: Case) -> dict[str, Any]:
    """What the report shows of claims about classes; empty for any other evidence."""
    if not isinstance(case.evidence, Reconstructions) or not isinstance(case.baseline, Reconstructions) or case.evidence.is_each:
        return {}
    how = Shown(look.material.data.classes, look.material.spec.data.image_shape)
    return shown_reconstructions(case.evidence, case.baseline, case.truth, how)
