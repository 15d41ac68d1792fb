"""What users of the answers lose behind a channel: measured on the non-members of the audit."""

import numpy as np

from auditor.attacks.signals import complete
from auditor.domain.finding import Estimate
from auditor.domain.seeds import derive
from auditor.domain.target import Output
from auditor.scoring import usefulness
from auditor.scoring.grading import Grading
from auditor.workflow.privacy import is_canary
from auditor.workflow.units import one_of_each
from auditor.workflow.what_if_recorded import Behind


def utility_of(before: Behind, after: Behind) -> tuple[Estimate, ...]:
    """On one non-member of each unit; canaries have no real labels to hold answers against."""
    material = before.recorded.look.material
    alone = one_of_each(material.units, len(material.data.candidates))
    rows = alone[~material.data.is_member[alone]]
    truth = None if is_canary(material) else material.data.candidates.labels[rows]
    terms = Grading(None, seed=derive(material.spec.seed, "what-if", "utility"))
    return usefulness.utility(_read(before, rows, truth), _read(after, rows, truth), truth, terms)


def _read(behind: Behind, rows: usefulness.Labels, truth: usefulness.Labels | None) -> usefulness.Reading:
    answers = behind.own[rows]
    if behind.profile.output is Output.LABELS:
        return usefulness.of_labels(answers, np.asarray(answers.argmax(axis=1)) if truth is None else truth)
    return usefulness.Reading(complete(answers), behind.profile.clip)
