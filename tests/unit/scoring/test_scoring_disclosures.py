"""Deterministic checks: the gravest thing found is the score, and what could not be looked at leaves it open."""

from dataclasses import replace

import numpy as np
import pytest

from auditor.domain.evidence import Check, Disclosures, SurrogateLabels
from auditor.domain.finding import Severity
from auditor.scoring import score
from auditor.scoring.assess import Grading, assess
from auditor.scoring.grading import Assessment
from auditor.workflow.evidence_store import from_arrays, to_arrays
from tests.scoring_world import sides, truth_of

NOTHING = Check("counts", False, Severity.HIGH, "No leaf holds a single record.")
SOMETHING = Check("leaves", True, Severity.HIGH, "12 leaves hold one record each.", {"leaves": 12.0, "feature": "age"})
HIDDEN = Check("nested", None, Severity.CRITICAL, "The archive could not be read to its end.")


def graded(*checks: Check) -> Assessment:
    return assess(Disclosures(checks), truth_of(sides(2, 2)), Grading(25.0))


def test_a_clean_list_scores_nothing() -> None:
    assessed = graded(NOTHING)
    assert (assessed.score, assessed.score_low, assessed.score_high) == (0.0, 0.0, 0.0)
    assert score.judge(assessed, {}, 25.0)[0] == "pass"


def test_what_was_found_is_worth_the_floor_of_its_severity() -> None:
    assessed = graded(NOTHING, SOMETHING)
    assert (assessed.score, assessed.score_low, assessed.score_high) == (50.0, 50.0, 50.0)
    assert assessed.caveats == (SOMETHING.sentence,)
    assert score.judge(assessed, {}, 25.0) == ("breach", Severity.HIGH)


def test_what_could_not_be_looked_at_is_no_pass() -> None:
    assessed = graded(NOTHING, HIDDEN)
    assert assessed.score is None
    assert not assessed.resolved
    assert score.judge(assessed, {}, 25.0)[0] == "inconclusive"


def test_what_could_not_be_looked_at_takes_nothing_from_what_was_found() -> None:
    assessed = graded(SOMETHING, HIDDEN)
    assert (assessed.score_low, assessed.score_high) == (50.0, 75.0)
    assert score.judge(assessed, {}, 25.0)[0] == "breach"


@pytest.mark.parametrize("checks", [(), (NOTHING,), (SOMETHING, HIDDEN)])
def test_they_are_stored_and_read_back(checks: tuple[Check, ...]) -> None:
    assert from_arrays(to_arrays(Disclosures(checks)), None) == Disclosures(checks)


def test_figures_notes_and_the_copy_itself_are_stored_with_a_copy() -> None:
    rows = np.arange(3)
    plain = SurrogateLabels(np.array([5]), rows, rows[None], rows[None], rows)
    rich = replace(plain, figures={"leaves": 7.0}, notes=("Two leaves share an answer.",), copied=np.full((3, 2), 0.5))
    back = from_arrays(to_arrays(rich), None)
    assert isinstance(back, SurrogateLabels)
    assert (back.figures, back.notes) == (rich.figures, rich.notes)
    np.testing.assert_array_equal(back.copied, rich.copied)
    assert to_arrays(plain).keys() == {"queries", "rows", "labels", "uniform_labels", "uniform"}
