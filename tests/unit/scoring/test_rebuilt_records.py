"""Rebuilt records against members: known distances, known scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.errors import AttackFailed
from auditor.scoring.assess import Assessment, Grading, Originals, Truth, assess
from auditor.scoring.rebuilt_records import errors

COLUMNS = (Column("x", ColumnType.NUMBER), Column("job", ColumnType.CATEGORY))


def frame(numbers: list[float], jobs: str) -> pd.DataFrame:
    return pd.DataFrame({"x": numbers, "job": pd.Series(list(jobs), dtype=object)})


def drawn(n: int, seed: int) -> Records:
    rng = np.random.default_rng(seed)
    return Records(frame(list(rng.random(n)), "".join(rng.choice(list("abcd"), n))), np.zeros(n, dtype=np.intp))


def truth(auxiliary: Records | None) -> Truth:
    candidates, inside = drawn(80, 0), np.arange(80) < 40
    originals = Originals(candidates, COLUMNS, auxiliary, {"x": (0.0, 1.0)})
    return Truth(inside, candidates.labels, None, None, 1, originals=originals)


def claims(records: pd.DataFrame) -> Reconstructions:
    return Reconstructions(records, np.zeros(len(records), dtype=np.intp), np.zeros(len(records)), is_each=True)


def graded(records: pd.DataFrame) -> Assessment:
    return assess(claims(records), truth(drawn(100, 7)), Grading(25.0))


def test_the_assignment_is_one_to_one_and_the_distance_gowers() -> None:
    """0.1 of the range and another job: (0.1 + 1) / 2; the other pair is equal. Nearest neighbours alone would share a claim."""
    originals = Originals(drawn(4, 0), COLUMNS, None, {"x": (0.0, 1.0)})
    found = errors(frame([0.0, 0.1], "aa"), frame([0.1, 0.2], "ab"), originals)
    assert sorted(found.round(12)) == [0.0, 0.6] or sorted(found.round(12)) == [0.05, 0.55]
    assert found.sum() == pytest.approx(0.6)


def test_members_without_a_claim_of_their_own_count_in_full() -> None:
    originals = Originals(drawn(4, 0), COLUMNS, None, {"x": (0.0, 1.0)})
    assert sorted(errors(frame([0.0, 1.0], "ab"), frame([0.0], "a"), originals)) == [0.0, 1.0]


def test_the_members_themselves_score_a_hundred_and_others_nothing() -> None:
    everything = drawn(80, 0).features
    whole, nothing = graded(everything.iloc[:40].reset_index(drop=True)), graded(drawn(40, 9).features)
    assert (whole.score, whole.score_low) == (100.0, 100.0)
    assert nothing.score_low == 0.0
    names = {e.name: e.value for e in whole.estimates}
    assert (names["reconstruction_error"], names["rebuilt_exactly"]) == (0.0, 1.0)
    assert (names["reconstruction_error_non_members"] or 0) > 0.02


def test_part_of_them_lies_in_between() -> None:
    part = pd.concat([drawn(80, 0).features.iloc[:30], drawn(10, 9).features], ignore_index=True)
    assessed = graded(part)
    assert assessed.score is not None
    assert (assessed.score_low or 0.0) < assessed.score < (assessed.score_high or 0.0) <= 100.0
    exact = next(e for e in assessed.estimates if e.name == "rebuilt_exactly")
    assert 0.5 < (exact.value or 0.0) <= 0.75


def test_more_claims_than_known_members_are_said() -> None:
    """Half of the training records are known to the audit."""
    assessed = graded(drawn(80, 0).features)
    assert assessed.score == 100.0
    assert any("80 records were rebuilt and 40 members are known" in caveat for caveat in assessed.caveats)
    assert not any("Left out" in caveat for caveat in assessed.caveats)


def test_members_that_were_taken_off_are_said_to_count_for_nothing() -> None:
    """The model was fitted to them, so their claims stand among the rebuilt ones."""
    known = truth(drawn(100, 7))
    assert known.originals is not None
    fewer = replace(known, originals=replace(known.originals, left_out=2))
    assessed = assess(claims(drawn(42, 0).features), fewer, Grading(25.0))
    assert any(caveat.startswith("Left out of the members") and "data: 2." in caveat for caveat in assessed.caveats)


def test_what_cannot_be_graded_is_said() -> None:
    with pytest.raises(AttackFailed, match="one of the two is missing"):
        assess(claims(drawn(5, 0).features), truth(None), Grading(25.0))
    with pytest.raises(AttackFailed, match="lack the column 'job'"):
        graded(drawn(5, 0).features[["x"]])
    with pytest.raises(AttackFailed, match="lack records"):
        graded(drawn(5, 0).features.iloc[:0])
