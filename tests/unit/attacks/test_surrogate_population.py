"""Which records a thief asks, and which it is judged on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, World, constant

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.population import (
    UNIFORM,
    auxiliary_of,
    check_auxiliary,
    evaluation_rows,
    pool_of,
    uniform_points,
)
from auditor.domain.data import Column, ColumnType, Records
from auditor.errors import AttackFailed, InvalidInput

NONE = np.zeros(0, np.uint64)


def test_candidates_that_the_thief_holds_already_are_not_judged() -> None:
    world = World()
    auxiliary = world.data.auxiliary
    doubled = Records(
        pd.concat([auxiliary.features.iloc[:5], world.data.candidates.features], ignore_index=True), np.zeros(405, np.intp)
    )
    rows = evaluation_rows(replace(world.stealing(constant), candidates=doubled))
    assert rows.tolist() == list(range(5, 405))


def test_at_most_three_thousand_are_judged() -> None:
    assert len(evaluation_rows(World(candidates=3_300).stealing(constant))) == 3_000


def test_judged_rows_do_not_depend_on_the_seed() -> None:
    world = World()
    rows = [evaluation_rows(world.stealing(constant, seed=s)).tolist() for s in (1, 2)]
    assert rows[0] == rows[1]


def test_without_candidates_it_fails_in_a_sentence() -> None:
    with pytest.raises(AttackFailed, match="no candidates"):
        evaluation_rows(replace(World().stealing(constant), candidates=None))


@pytest.mark.parametrize("count", [0, 199])
def test_too_few_auxiliary_records_are_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match=rf"at least 200 auxiliary records and has {count}") as refusal:
        check_auxiliary(count)
    assert refusal.value.field == "data.auxiliary"


def test_no_auxiliary_records_are_refused_alike() -> None:
    with pytest.raises(InvalidInput, match="has 0"):
        auxiliary_of(replace(World().stealing(constant), auxiliary=None))


def test_two_hundred_are_enough() -> None:
    check_auxiliary(200)
    assert len(auxiliary_of(World(auxiliary=200).stealing(constant))) == 200


def test_uniform_points_lie_within_the_ranges_of_the_population() -> None:
    world = World()
    points, known = uniform_points(world.stealing(constant)), world.data.auxiliary.features
    assert len(points) == UNIFORM
    assert points["age"].between(known["age"].min(), known["age"].max()).all()
    assert points["dose"].between(known["dose"].min(), known["dose"].max()).all()
    assert set(points["job"]) == {"baker", "miner", "nurse"}


def test_uniform_points_keep_the_column_types() -> None:
    world = World()
    points, known = uniform_points(world.stealing(constant)), world.data.auxiliary.features
    assert points.dtypes.to_dict() == known.dtypes.to_dict()
    assert {type(v) for v in points["retired"]} == {bool}
    assert {type(v) for v in points["job"]} == {str}


def test_uniform_points_are_even_and_not_like_the_population() -> None:
    world = World()
    points, known = uniform_points(world.stealing(constant)), world.data.auxiliary.features
    assert points["dose"].std() > 1.3 * known["dose"].std()
    assert points["illness"].value_counts(normalize=True).between(0.25, 0.42).all()


def test_uniform_points_depend_on_the_population_only() -> None:
    world = World()
    first, second = (uniform_points(world.stealing(constant, seed=s)) for s in (1, 2))
    assert first.equals(second)


def test_whole_numbers_stay_whole_in_a_float_column() -> None:
    world = World()
    age = world.data.auxiliary.features["age"].astype(float)
    age.iloc[0] = np.nan
    holes = Records(world.data.auxiliary.features.assign(age=age), world.data.auxiliary.labels)
    points = uniform_points(replace(world.stealing(constant), auxiliary=holes))
    assert (points["age"] % 1 == 0).all()


def test_a_column_that_is_always_missing_stays_missing() -> None:
    world = World()
    empty = Records(world.data.auxiliary.features.assign(dose=np.nan), world.data.auxiliary.labels)
    points = uniform_points(replace(world.stealing(constant), auxiliary=empty))
    assert points["dose"].isna().all()


def test_auxiliary_records_are_asked_first() -> None:
    world = World()
    asked = record_keys(pool_of(world.stealing(constant), NONE, "natural", 1_000).features)
    known = record_keys(world.data.auxiliary.features)
    assert set(asked[:300].tolist()) == set(known.tolist())
    assert not np.isin(asked[300:], known).any()


def test_a_small_budget_asks_auxiliary_records_only() -> None:
    world = World()
    asked = record_keys(pool_of(world.stealing(constant), NONE, "natural", 210).features)
    assert len(asked) == 210
    assert np.isin(asked, record_keys(world.data.auxiliary.features)).all()


def test_no_record_is_asked_twice() -> None:
    asked = record_keys(pool_of(World().stealing(constant), NONE, "natural", 2_000).features)
    assert len(asked) == 2_000 == len(set(asked.tolist()))


def test_no_judged_record_is_asked() -> None:
    world = World()
    context = world.stealing(constant)
    first = pool_of(context, NONE, "natural", 2_000).features
    judged = record_keys(first.iloc[300:1_000])
    again = record_keys(pool_of(context, judged, "natural", 2_000).features)
    assert not np.isin(again, judged).any()


def test_made_up_records_take_every_cell_from_the_population() -> None:
    world = World()
    asked = pool_of(world.stealing(constant), NONE, "natural", 2_000).features
    for column in COLUMNS:
        known = set(world.data.auxiliary.features[column.name].dropna())
        assert set(asked[column.name].dropna()) <= known
    assert asked.dtypes.to_dict() == world.data.auxiliary.features.dtypes.to_dict()


def test_a_small_world_runs_out_of_new_records() -> None:
    world = World()
    n = len(world.data.auxiliary)
    cells = pd.DataFrame({"a": np.arange(n) % 17, "b": np.arange(n) % 13})
    columns = (Column("a", ColumnType.INTEGER), Column("b", ColumnType.INTEGER))
    context = replace(world.stealing(constant), auxiliary=Records(cells, world.data.auxiliary.labels), columns=columns)
    assert len(pool_of(context, NONE, "natural", 5_000).features) == 17 * 13


def test_a_tiny_world_is_refused_in_a_sentence() -> None:
    world = World()
    context = replace(world.stealing(constant), auxiliary=narrowed(world.data.auxiliary), columns=COLUMNS[-2:])
    with pytest.raises(AttackFailed, match="Only 6 distinct records"):
        pool_of(context, NONE, "natural", 1_000)


def test_candidates_that_all_look_like_auxiliary_records_cannot_judge() -> None:
    world = World()
    context = replace(
        world.stealing(constant), auxiliary=narrowed(world.data.auxiliary), candidates=narrowed(world.data.candidates)
    )
    with pytest.raises(AttackFailed, match="Only 0 candidates differ"):
        evaluation_rows(context)


def narrowed(records: Records) -> Records:
    return Records(records.features[["retired", "illness"]], records.labels)


def test_natural_records_are_told_from_made_up_ones() -> None:
    world = World()
    pool = pool_of(world.stealing(constant), NONE, "natural", 1_000)
    known = record_keys(world.data.auxiliary.features)
    assert np.isin(record_keys(pool.features), known).tolist() == [True] * pool.natural + [False] * (1_000 - pool.natural)


@pytest.mark.parametrize("source", ["synthetic", "uniform"])
def test_made_up_pools_hold_no_record_of_people(source: str) -> None:
    world = World()
    pool = pool_of(world.stealing(constant), NONE, source, 800)
    assert (len(pool), pool.natural) == (800, 0)
    assert not np.isin(record_keys(pool.features), record_keys(world.data.auxiliary.features)).any()


def test_synthetic_columns_are_drawn_apart_and_uniform_ones_evenly() -> None:
    """Whoever is over 65 is retired: true of people, of no product of marginals; and uniform ages fill their range evenly."""
    world = World()
    synthetic, uniform = (pool_of(world.stealing(constant), NONE, s, 800).features for s in ("synthetic", "uniform"))
    retired = synthetic["retired"].astype(bool)
    assert (synthetic["age"][retired] <= 65).mean() > 0.3
    assert abs(uniform["age"].mean() - 54.5) < 2.5


def test_where_nothing_new_can_be_asked_the_pool_holds_what_is_recorded() -> None:
    world = World()
    context = world.stealing(constant)
    known = record_keys(pool_of(context, NONE, "natural", 1_000).features)[::3]
    only = replace(context, recorded=lambda frame: np.isin(record_keys(frame), known))
    assert set(record_keys(pool_of(only, NONE, "natural", 1_000).features).tolist()) == set(known.tolist())


def test_the_seed_decides_what_is_asked() -> None:
    world = World()
    frames = [pool_of(world.stealing(constant, seed=s), NONE, "natural", 500).features for s in (1, 1, 2)]
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])
