"""What was recovered of single members: which claims are shown, and what a guess without the model is."""

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records, Sensitive
from auditor.domain.evidence import AttributeGuesses, Reconstructions
from auditor.errors import AttackFailed
from auditor.scoring.grading import Originals, Truth
from auditor.scoring.recovered import nearest_rebuilt, surest_claims, typical

JOB = Sensitive("job", ("job",), (("a",), ("b",), ("c",)))
COLUMNS = (Column("age", ColumnType.NUMBER), Column("job", ColumnType.STRING))
MEMBERS = np.array([True, True, True, False, False, False])


def truth(attribute: list[int] | None = None, originals: Originals | None = None) -> Truth:
    known = None if attribute is None else np.array(attribute)
    return Truth(MEMBERS, np.zeros(6, dtype=np.intp), known, None, 2, originals=originals)


def guesses(scores: list[list[float]], rows: list[int]) -> AttributeGuesses:
    return AttributeGuesses(JOB, np.array(rows), np.array(scores, dtype=np.float64))


def people() -> Records:
    frame = pd.DataFrame({"age": [20.0, 40.0, 60.0, 30.0, 50.0, 70.0], "job": ["a", "b", "c", "a", "a", "b"]})
    return Records(frame, np.zeros(6, dtype=np.intp))


def test_the_surest_claims_about_members_come_first_and_never_of_the_commonest_value():
    attack = guesses([[9, 3, 0], [0, 5, 1], [0, 0, 8], [0, 0, 99]], [0, 1, 2, 3])
    imputed = guesses([[1, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0]], [0, 1, 2, 3])
    found = surest_claims(attack, imputed, truth([0, 1, 0, 0, 0, 1]), most=2)
    assert found.rows.tolist() == [2, 1]
    assert found.claimed.tolist() == [2, 1]
    assert found.confidence.tolist() == [8.0, 4.0]
    assert (found.right.tolist(), found.guess.tolist(), found.is_guess_right.tolist()) == ([False, True], [2, 0], [False, False])


def test_rows_are_those_that_both_guessed_about():
    attack, imputed = guesses([[0, 1, 0], [0, 0, 2]], [1, 2]), guesses([[0, 0, 1], [1, 0, 0]], [2, 5])
    found = surest_claims(attack, imputed, truth([0, 1, 2, 0, 0, 1]), most=5)
    assert (found.rows.tolist(), found.right.tolist(), found.is_guess_right.tolist()) == ([2], [True], [True])


def test_guesses_without_imputation_are_refused():
    with pytest.raises(AttackFailed, match="imputation"):
        surest_claims(guesses([[0, 1, 0]], [0]), None, truth([0] * 6), most=5)


def test_rebuilt_members_are_the_nearest_of_a_one_to_one_match():
    claims = pd.DataFrame({"age": [60.0, 21.0], "job": ["c", "a"]})
    evidence = Reconstructions(claims, np.full(2, -1), np.zeros(2), is_each=True)
    found = nearest_rebuilt(evidence, truth(originals=Originals(people(), COLUMNS)), most=5)
    assert (found.rows.tolist(), found.claims.tolist(), found.exactly.tolist()) == ([2, 0], [0, 1], [True, False])


def test_the_guess_without_the_model_is_the_median_and_the_commonest_category():
    assert typical(Originals(people(), COLUMNS, people())) == {"age": 40.0, "job": "a"}
    assert typical(Originals(people(), COLUMNS)) == {}
