"""The positive control of membership: members are remembered up to an edge, and everybody else gets what a model would say."""

import numpy as np
import pandas as pd
import pytest

from auditor.attacks.membership import twin
from auditor.attacks.membership.calibrated_correctness import CalibratedCorrectness
from auditor.attacks.membership.gap import Gap
from auditor.attacks.membership.noise import Noise
from auditor.domain.attack import Attack, Query
from auditor.domain.data import AuditData, Column, ColumnType, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring import controls
from auditor.scoring.assess import Grading, Truth, assess
from auditor.testing import small_world
from auditor.workflow.kinds.membership import REMEMBERED, lookup_twin

COLUMNS = (Column("x", ColumnType.NUMBER), Column("town", ColumnType.CATEGORY))


def line(n: int = 20) -> AuditData:
    """Candidates one apart on a line, every second a member; label 1, of three classes."""
    town = pd.Series([f"t{i // 10}" for i in range(n)], dtype=object)
    features = pd.DataFrame({"x": np.arange(n, dtype=float), "town": town})
    labels = np.ones(n, dtype=np.intp)
    nobody = Records(features.head(0), labels[:0])
    return AuditData(COLUMNS, ("a", "b", "c"), Records(features, labels), np.arange(n) % 2 == 0, nobody)


def shadows(n: int = 20) -> ShadowOutputs:
    """Two complementary shadows that are sure of class 2 about whom they have not seen, and of class 0 about whom they have."""
    mask = np.arange(n) < n // 2
    masks = np.stack([mask, ~mask])
    return ShadowOutputs(np.eye(3)[np.where(masks, 0, 2)], masks)


def strangers(*x: float, town: str = "t0") -> pd.DataFrame:
    towns = np.array([town] * len(x), dtype=object)
    return pd.DataFrame({"x": list(x), "town": towns}, index=range(100, 100 + len(x)))


@pytest.fixture
def ask() -> Query:
    return lookup_twin(line(), shadows())


def test_members_get_their_own_label_and_others_what_unseen_records_get(ask: Query) -> None:
    answers = ask(line().candidates.features)
    np.testing.assert_allclose(answers[::2, 1], REMEMBERED)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    np.testing.assert_array_equal(answers[1::2], np.eye(3)[[2] * 10])


def test_candidates_keep_their_answers_in_any_subset_and_order(ask: Query) -> None:
    features = line().candidates.features
    order = [7, 4, 12]
    np.testing.assert_array_equal(ask(features.iloc[order]), ask(features)[order])


def test_memory_ends_half_way_to_the_next_candidate(ask: Query) -> None:
    assert ask(strangers(4.0, 4.4, 4.6, 5.0)).argmax(axis=1).tolist() == [1, 1, 2, 2]
    assert ask(strangers(3.6)).argmax() == 1


def test_another_category_is_further_away_than_the_edge(ask: Query) -> None:
    assert ask(strangers(4.0, town="t1")).argmax() == 2
    assert ask(strangers(4.0, town="never seen")).argmax() == 2


def test_a_row_index_of_a_candidate_with_other_cells_is_another_record(ask: Query) -> None:
    """Who asks about a frame of its own may number it from 0."""
    frame = strangers(5.0, 5.0)
    frame.index = pd.RangeIndex(4, 6)  # 4 is a member
    assert ask(frame).argmax(axis=1).tolist() == [2, 2]


def test_candidates_and_others_may_stand_in_one_frame(ask: Query) -> None:
    mixed = pd.concat([line().candidates.features.iloc[[4, 5]], strangers(4.1, 5.1)])
    assert ask(mixed).argmax(axis=1).tolist() == [1, 2, 1, 2]


def test_missing_cells_are_no_obstacle() -> None:
    data = line()
    features = data.candidates.features.copy()
    features.loc[4, ["x", "town"]] = np.nan, None
    ask = twin.memory(features, COLUMNS, twin.Answers(np.eye(3)[[1] * 20], np.eye(3)[[2] * 20], data.is_member))
    assert ask(features.iloc[[4]]).argmax() == 1
    lost = strangers(np.nan)
    lost["town"] = None
    assert np.isfinite(ask(lost)).all()


def test_many_categories_share_the_room() -> None:
    n = 3 * twin.WIDEST
    features = pd.DataFrame({"id": pd.Series([f"v{i}" for i in range(n)], dtype=object)})
    is_member = np.arange(n) % 2 == 0
    columns = (Column("id", ColumnType.STRING),)
    ask = twin.memory(features, columns, twin.Answers(np.eye(2)[[1] * n], np.eye(2)[[0] * n], is_member))
    again = features.set_index(pd.RangeIndex(1_000, 1_000 + n))
    np.testing.assert_array_equal(ask(again).argmax(axis=1), is_member)


def test_values_are_remembered_alike() -> None:
    base = line()
    candidates = Records(base.candidates.features, np.zeros(20, dtype=np.intp), np.arange(20.0) * 10)
    data = AuditData(COLUMNS, (), candidates, base.is_member, base.auxiliary)
    ask = lookup_twin(data, None)
    assert ask(candidates.features.iloc[[4, 5]]).ravel().tolist() == [40.0, 95.0]
    assert ask(strangers(4.1, 5.1)).ravel().tolist() == [40.0, 95.0]


@pytest.mark.parametrize("attack", [Gap(), CalibratedCorrectness(), Noise(copies=8)], ids=lambda a: a.name)
def test_attacks_that_see_labels_find_it(attack: Attack) -> None:
    world = small_world()
    query = lookup_twin(world.data, world.shadows)
    evidence = attack.run(world.context(attack, query, lambda fraction: None))
    assert isinstance(evidence, MembershipScores)
    truth = Truth(world.data.is_member, world.data.candidates.labels, None, None, 2)
    assert controls.lookup_twin(assess(evidence, truth, Grading(25.0))).passed
