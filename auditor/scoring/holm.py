"""Limits that hold for all attacks of a family together: Holm's step-down, so that trying many attacks finds no more by chance."""

from collections.abc import Sequence
from dataclasses import replace

from auditor.domain.evidence import Evidence
from auditor.scoring.assess import assess
from auditor.scoring.grading import Assessment, Grading, Truth

Case = tuple[Evidence, Evidence | None, Truth]


def assess_family(cases: Sequence[Case], grading: Grading, first: Sequence[Assessment] = ()) -> list[Assessment]:
    """Assessments of (evidence, baseline, truth) in the order given. `first`: those of the first round, where they are known.

    All m attacks share the error level (alpha / m); those whose lower limit reaches the policy's level are settled, and the others
    share it again (alpha / (m - settled)) until no further one is settled (Holm 1979). Without a level there is one round.
    """
    settled: dict[int, Assessment] = {}
    known = dict(enumerate(first))
    while True:
        open_places = [i for i in range(len(cases)) if i not in settled]
        terms = replace(grading, family_size=max(1, len(open_places)))
        graded = {i: known.pop(i) if i in known else _assessed(cases[i], terms) for i in open_places}
        decided = {i: a for i, a in graded.items() if _decides(a, grading.level)}
        settled |= decided
        if not decided or len(settled) == len(cases):
            return [settled.get(i) or graded[i] for i in range(len(cases))]


def _assessed(case: Case, terms: Grading) -> Assessment:
    evidence, baseline, truth = case
    return assess(evidence, truth, terms, baseline)


def _decides(assessment: Assessment, level: float | None) -> bool:
    return level is not None and assessment.score_low is not None and assessment.score_low >= level
