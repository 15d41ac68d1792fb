"""What each strategy asks next."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import Recorded, World, constant

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import Answered, classes_of
from auditor.attacks.stealing.population import Pool
from auditor.attacks.stealing.strategies import Choice, Choose, in_order, margin
from auditor.attacks.stealing.strategies_bandit import knockoff
from auditor.attacks.stealing.strategies_distance import deepfool, k_center, margin_k_center
from auditor.attacks.stealing.strategies_growth import jacobian
from auditor.attacks.stealing.surrogate import STRATEGIES, Surrogate
from auditor.attacks.stealing.twin import known_target
from auditor.domain.data import Column, ColumnType
from auditor.errors import InvalidInput, TargetRefused

COLUMNS = (Column("a", ColumnType.NUMBER), Column("b", ColumnType.CATEGORY))


def stepped(frame: pd.DataFrame) -> np.ndarray:
    """A copy that is least sure where a is 0."""
    well = 1 / (1 + np.exp(-frame["a"].to_numpy(np.float64)))
    return np.column_stack([1 - well, well])


def choice(n: int = 1_000, asked: int = 100, natural: int | None = None) -> Choice:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.uniform(-10, 10, n), "b": pd.Series(rng.choice(["x", "y"], n), dtype=object)})
    pool = Pool(frame, n if natural is None else natural)
    rows = np.arange(asked)
    return Choice(pool, rows, Answered(frame.iloc[rows], stepped(frame.iloc[rows])), stepped, COLUMNS, rng)


@pytest.mark.parametrize("choose", [margin, k_center, margin_k_center, deepfool, knockoff, in_order])
def test_as_many_as_wanted_once_each_and_none_that_was_asked(choose: Choose) -> None:
    rows = choose(choice(), 50)
    assert len(rows) == len(set(rows.tolist())) == 50
    assert rows.min() >= 100


@pytest.mark.parametrize("choose", [margin, deepfool])
def test_the_boundary_of_the_copy_is_asked_about(choose: Choose) -> None:
    made = choice()
    near = np.abs(made.frame(choose(made, 100))["a"].to_numpy())
    assert np.sort(near)[:75].max() < 1.0 < near.max()  # and a random share is not


def test_a_cover_is_spread_wider_than_chance() -> None:
    """The largest gap in a between chosen records."""
    made = choice()
    gaps = [np.diff(np.sort(made.frame(rows)["a"])).max() for rows in (k_center(made, 60), in_order(made, 60))]
    assert gaps[0] < gaps[1]


def test_natural_records_come_first_while_there_are_enough() -> None:
    made = choice(natural=400)
    assert (made.left(100) < 400).all()
    assert (made.left(200) >= 400).any()


def test_the_bandit_prefers_clusters_whose_answers_surprise_the_copy() -> None:
    """Answers contradict the copy where a is above 5, so more is asked there than by chance."""
    made = choice(asked=300)
    wrong = made.material.features["a"].to_numpy() > 5
    answers = np.where(wrong[:, None], made.material.answers[:, ::-1], made.material.answers)
    surprised = Choice(made.pool, made.asked, Answered(made.material.features, answers), stepped, COLUMNS, made.rng)
    assert (made.frame(knockoff(surprised, 200))["a"] > 5).mean() > 0.3


def test_steps_go_where_the_answer_becomes_surer() -> None:
    made = choice()
    grown = jacobian(made, 50)
    before = np.sort(np.abs(made.material.features["a"].to_numpy()))
    assert len(grown) == 100
    assert np.median(np.abs(grown["a"])) > np.median(before) + 1.0
    assert set(grown["b"]) <= {"x", "y"}


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_every_strategy_copies_a_known_rule_and_asks_nothing_twice(strategy: str) -> None:
    world = World()
    query = Recorded(known_target(world.data.auxiliary, world.stealing(constant).columns, 2, seed=5))
    evidence = Surrogate(queries=300, strategy=strategy).run(world.stealing(query))
    keys = record_keys(query.asked)
    judged = world.data.candidates.features.iloc[evidence.rows]
    assert len(keys) == len(set(keys.tolist())) == 800
    assert not np.isin(keys, record_keys(judged)).any()
    assert (evidence.labels[-1] == classes_of(query.answers(judged))).mean() > 0.7


def test_an_unknown_strategy_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="choose one of margin, natural"):
        Surrogate(strategy="best")


def test_a_target_that_refuses_made_up_records_is_asked_about_people() -> None:
    world = World()
    own = record_keys(world.data.auxiliary.features)

    def picky(frame: pd.DataFrame) -> np.ndarray:
        if not np.isin(record_keys(frame), own).all():
            raise TargetRefused("unknown record")
        return constant(frame)

    evidence = Surrogate(queries=600).run(world.stealing(picky))
    assert evidence.queries[-1] <= 300
    assert any("refuses made-up records" in note for note in evidence.notes)
    assert evidence.uniform.shape == (0,)


def test_asking_ends_when_copies_have_settled() -> None:
    """A constant target is copied at once: of 4,000 records that may be asked, not all are."""
    query = Recorded(constant)
    evidence = Surrogate(queries=4_000).run(World().stealing(query))
    assert evidence.queries[-1] < 4_000
    assert any(note.startswith("Asking ended after") for note in evidence.notes)
