"""Distances that are known: a model that is a threshold, a category, or a box around the records that it remembers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaussian_world import auc, free

from auditor.attacks.membership import directions
from auditor.attacks.membership.boundary import UNREACHED, Boundary
from auditor.attacks.membership.domain import domains
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, BudgetExhausted, InvalidInput

COLUMNS = (
    Column("x", ColumnType.NUMBER),
    Column("age", ColumnType.INTEGER),
    Column("town", ColumnType.CATEGORY),
)
PROFILE = Profile(Output.LABELS, ("no", "yes"))
Rule = Callable[[pd.DataFrame], np.ndarray]


def records(rule: Rule, n: int = 300, seed: int = 0) -> Records:
    """Records whose labels follow the rule."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    x[:2] = 0.0, 10.0
    age = rng.integers(20, 60, n).astype(float)
    age[2:4] = 20, 60
    town = rng.choice(["a", "b", "c"], n).astype(object)
    features = pd.DataFrame({"x": x, "age": age, "town": pd.Series(town, dtype=object)})
    return Records(features, rule(features).astype(np.intp))


def behind(rule: Rule, candidates: Records, limit: int = 0) -> tuple[Context, list[pd.DataFrame]]:
    frames: list[pd.DataFrame] = []

    def query(frame: pd.DataFrame) -> np.ndarray:
        frames.append(frame)
        return np.eye(2)[rule(frame).astype(np.intp)]

    return Context(0, PROFILE, COLUMNS, query, free, candidates, query_limit=limit), frames


def beyond_six(frame: pd.DataFrame) -> np.ndarray:
    return frame["x"].to_numpy() > 6.0


def beyond_forty(frame: pd.DataFrame) -> np.ndarray:
    return frame["age"].to_numpy() > 40


def in_town_a(frame: pd.DataFrame) -> np.ndarray:
    return (frame["town"] == "a").to_numpy()


def never(frame: pd.DataFrame) -> np.ndarray:
    return np.zeros(len(frame), dtype=bool)


def asked_beside(frames: list[pd.DataFrame], n: int) -> np.ndarray:
    indices = np.concatenate([frame.index for frame in frames])
    return indices[indices >= n]


DISTANCE = Boundary(score="distance")


def test_the_distance_to_a_threshold_is_found_to_a_share_of_the_range() -> None:
    candidates = records(beyond_six)
    evidence = Boundary(score="distance", steps=12).run(behind(beyond_six, candidates)[0])
    true = np.abs(candidates.features["x"].to_numpy()[evidence.rows] - 6.0) / 10
    assert (evidence.target >= true - 1e-12).all()  # an upper bound
    assert (evidence.target <= true + 1 / 2**12).all()


def test_more_steps_are_nearer() -> None:
    candidates = records(beyond_six)
    rough, fine = (Boundary(score="distance", steps=s).run(behind(beyond_six, candidates)[0]).target for s in (2, 8))
    assert (fine <= rough).all()
    assert fine.mean() < rough.mean() - 0.02


def test_whole_numbers_stay_whole_and_their_distance_is_exact() -> None:
    candidates = records(beyond_forty)
    context, frames = behind(beyond_forty, candidates)
    evidence = Boundary(score="distance", steps=10).run(context)
    age = candidates.features["age"].to_numpy()[evidence.rows]
    np.testing.assert_allclose(evidence.target, np.where(age > 40, age - 40, 41 - age) / 40)
    assert all((frame["age"] == frame["age"].round()).all() for frame in frames)


def test_a_category_that_flips_the_answer_counts_one_and_nothing_at_all_two() -> None:
    candidates = records(in_town_a)
    assert set(DISTANCE.run(behind(in_town_a, candidates)[0]).target) == {1.0}
    assert set(DISTANCE.run(behind(never, records(never))[0]).target) == {UNREACHED}


def test_the_nearest_column_counts() -> None:
    def either(frame: pd.DataFrame) -> np.ndarray:
        return beyond_six(frame) | beyond_forty(frame)

    candidates = records(either)
    evidence = Boundary(score="distance", steps=12).run(behind(either, candidates)[0])
    x, age = (candidates.features[name].to_numpy()[evidence.rows] for name in ("x", "age"))
    neither = (x <= 6) & (age <= 40)
    nearest = np.minimum((6 - x) / 10, (41 - age) / 40)
    np.testing.assert_allclose(evidence.target[neither], nearest[neither], atol=1 / 2**12)
    both = (x > 6) & (age > 40)
    assert (evidence.target[both] == UNREACHED).all()  # no single column leads out


@pytest.mark.parametrize("score", ["distance", "comparison"])
def test_a_record_that_is_answered_wrong_comes_last_and_is_asked_no_more(score: str) -> None:
    candidates = records(beyond_six)
    flipped = Records(candidates.features, candidates.labels.copy())
    wrong = np.arange(0, 300, 3)
    flipped.labels[wrong] = 1 - flipped.labels[wrong]
    context, frames = behind(beyond_six, flipped)
    evidence = Boundary(score=score).run(context)
    assert (evidence.target[np.isin(evidence.rows, wrong)] == 0).all()
    assert evidence.target[~np.isin(evidence.rows, wrong)].min() > 0
    right, frames_of_right = behind(beyond_six, candidates)
    Boundary(score=score).run(right)
    assert len(asked_beside(frames, 300)) < len(asked_beside(frames_of_right, 300))


def test_comparison_turns_the_distance_of_right_answers_around() -> None:
    candidates = records(beyond_six)
    far, near = (Boundary(score=s).run(behind(beyond_six, candidates)[0]).target for s in ("distance", "comparison"))
    np.testing.assert_allclose(near, UNREACHED + 1 - far)


def test_all_records_go_one_step_at_a_time() -> None:
    context, frames = behind(beyond_six, records(beyond_six, 200))
    Boundary(steps=5).run(context)
    assert len(frames) <= 1 + 1 + 5


def test_row_indices_are_no_candidates_and_are_used_once() -> None:
    context, frames = behind(beyond_six, records(beyond_six))
    DISTANCE.run(context)
    indices = asked_beside(frames, 300)
    assert len(set(indices)) == len(indices)
    for frame in frames:
        assert (frame.index < 300).all() or (frame.index >= 300).all()


def test_missing_cells_stay_missing() -> None:
    candidates = records(beyond_six)
    features = candidates.features.copy()
    features.loc[::5, "x"] = np.nan
    features.loc[::7, "town"] = None
    context, frames = behind(in_town_a, Records(features, in_town_a(features).astype(np.intp)))
    evidence = DISTANCE.run(context)
    asked = pd.concat([frame for frame in frames if (frame.index >= 300).all()])
    assert asked["x"].isna().any()
    assert asked["town"].isna().any()
    lost = np.isin(evidence.rows, np.arange(0, 300, 7))
    assert (evidence.target[lost] == UNREACHED).all()
    assert (evidence.target[~lost] == 1.0).all()


def test_it_stays_within_the_limit_and_takes_as_many_records_as_it_covers() -> None:
    candidates = records(beyond_six)
    context, frames = behind(beyond_six, candidates, limit=500)
    evidence = DISTANCE.run(context)
    assert len(asked_beside(frames, 300)) <= 500
    search = directions.within(domains(candidates.features, COLUMNS), 6, 128, 0)
    assert search.cost == 2 * 2 * 7 + 2
    assert len(evidence.rows) > 500 // search.cost  # what is not spent on one record is there for others
    with pytest.raises(BudgetExhausted, match="at least 30 queries"):
        DISTANCE.run(replace(context, query_limit=29))


def test_columns_that_do_not_fit_are_left_out() -> None:
    known = domains(records(beyond_six).features, COLUMNS)
    one = directions.within(known, 6, 16, seed=1)
    assert 0 < one.cost <= 16
    assert len(one.scales) + len(one.choices) == 2  # one number and the category
    assert directions.within(known, 6, 1_000, seed=1).cost == 30
    with pytest.raises(AttackFailed, match="raise queries"):
        Boundary(queries=1).run(behind(never, records(never))[0])


def test_what_it_needs_follows_from_its_parameters() -> None:
    scope = Scope(PROFILE, 10_000, 0, 0, 1_000_000)
    assert Boundary().needs(scope) == Needs(12_800, 128_000)
    assert Boundary(queries=10).needs(replace(scope, candidates=60)) == Needs(600, 600)


@pytest.mark.parametrize(
    ("params", "field"),
    [({"queries": 0}, "queries"), ({"steps": 31}, "steps"), ({"records": 5}, "records"), ({"score": "x"}, "score")],
)
def test_bad_parameters_are_named(params: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Boundary(**params)  # type: ignore[arg-type]
    assert caught.value.field == f"attacks.boundary.{field}"


def test_boxes_around_members_are_found() -> None:
    """A model that says yes within 0.3 of a member's x and no elsewhere; everybody's label is yes."""
    candidates = records(never, 400)
    candidates = Records(candidates.features, np.ones(400, dtype=np.intp))
    is_member = np.random.default_rng(5).permutation(400) < 40
    centres = candidates.features["x"].to_numpy()[is_member]

    def boxes(frame: pd.DataFrame) -> np.ndarray:
        return (np.abs(frame["x"].to_numpy()[:, None] - centres) < 0.03).any(axis=1)

    evidence = Boundary(score="distance").run(behind(boxes, candidates)[0])
    assert auc(evidence.target, is_member[evidence.rows]) > 0.8
