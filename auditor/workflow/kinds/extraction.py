"""Model stealing: a copy against the target's own answers."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.stealing import twin
from auditor.attacks.stealing.counterfactual_search import searched
from auditor.domain.attack import Attack, Query
from auditor.domain.counterfactual import Explained
from auditor.domain.data import AuditData
from auditor.domain.evidence import Copies, Evidence
from auditor.domain.finding import Control
from auditor.domain.seeds import derive
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.scoring import controls
from auditor.scoring.assess import Grading, Truth
from auditor.shadows.pool import as_shown, values_as_shown
from auditor.workflow.case import Case
from auditor.workflow.kinds import membership
from auditor.workflow.look import Item, Look
from auditor.workflow.recorded import answers_of, profile_of


def targets(attack: Attack, data: AuditData, shadows: ShadowOutputs | None, seed: int) -> dict[str, Query]:
    """A rule that can be learned, and pure noise. An attack that copies one kind of model alone brings a rule of that kind: a
    method `known_target(auxiliary, columns, classes, seed) -> Query`; one that asks for counterfactuals, a rule with its own."""
    noise: Query = twin.noise_target(len(data.classes), derive(seed, "noise-target"))
    if attack.threat_model.explained:
        noise = searched(noise, data.auxiliary, data.columns, derive(seed, "explained"))
    return {"known_target": _known(attack, data, seed), "noise_target": noise}


def as_answered(query: Query, data: AuditData, profile: Profile) -> Query:
    """A target of a control through the channel of the audited one, as little of it as an attack sees of that: labels, top classes,
    rounded probabilities; numbers in the units of the auxiliary records', rounded likewise. Counterfactuals stay as they are."""
    if isinstance(query, Explained):
        return Explained(as_answered(query.query, data, profile), query.counterfactual)
    if profile.output is not Output.VALUE:
        return lambda frame: as_shown(query(frame), profile)
    values = data.auxiliary.values
    spread = 0.0 if values is None else float(np.nanstd(values))
    if not spread > 0:
        return query
    return lambda frame: values_as_shown(spread * query(frame), profile.decimals)


def truth(look: Look, item: Item) -> Truth:
    """The target's own class for every candidate, from its recorded answers, -1 where it was never asked; or its own number."""
    answers = answers_of(look.services, look.material)
    known = membership.truth(look, item)
    if not known.classes:
        return replace(known, target_values=np.full(len(known.labels), np.nan) if answers is None else answers[:, 0])
    if answers is None:
        return replace(known, target_labels=np.full(len(known.labels), -1, dtype=np.intp))
    unasked = np.isnan(answers).all(axis=1)
    labels = np.where(unasked, -1, np.nan_to_num(answers, nan=-np.inf).argmax(axis=1))
    return replace(known, target_labels=labels, target_answers=answers)


def checks(look: Look, case: Case, ran: Mapping[str, Evidence], grading: Grading) -> dict[str, Control]:
    known, noise = ran["known_target"], ran["noise_target"]
    assert isinstance(known, Copies) and isinstance(noise, Copies)  # noqa: S101, PT018 - the same attack
    data = look.material.data
    rule = as_answered(_known(case.attack, data, look.material.spec.seed), data, profile_of(look.material))
    return controls.stealing(known, noise, case.baseline, told_by(rule, data, known.rows), grading)


def told_by(rule: Query, data: AuditData, rows: NDArray[np.intp]) -> Truth:
    """What a target of a control itself answers about the candidates `rows` (m,), on which its copy is judged."""
    answers = rule(data.candidates.features.iloc[rows])
    none = np.full(len(data.candidates), -1, dtype=np.intp)
    nobody = Truth(data.is_member, none, None, none, len(data.classes))
    if not data.classes:
        values = np.full(len(none), np.nan)
        values[rows] = answers[:, 0]
        return replace(nobody, target_labels=None, target_values=values)
    labels = none.copy()
    labels[rows] = np.nan_to_num(answers, nan=-np.inf).argmax(axis=1)
    return replace(nobody, target_labels=labels)


def _known(attack: Attack, data: AuditData, seed: int) -> Query:
    make = getattr(attack, "known_target", twin.known_target)
    made: Query = make(data.auxiliary, data.columns, len(data.classes), derive(seed, "known-target"))
    return made
