"""The table of single records and its sentence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from exposure_world import shadow_signals
from scoring_world import normal, scores, sides, tail_only

from auditor.domain.evidence import MembershipScores
from auditor.errors import AttackFailed
from auditor.scoring.exposure import ShadowSignals, assess_exposure, outlier_ranks
from auditor.scoring.grading import Grading

GRADING = Grading(25.0, seed=3)
IS_MEMBER = sides(500, 500)
SIGNALS = shadow_signals(1_000, 64, 12, 4.0)


def assessed(evidence: MembershipScores, signals: ShadowSignals | None = None, outliers: np.ndarray | None = None):
    found = assess_exposure(evidence, IS_MEMBER, signals, outliers, GRADING)
    assert found is not None
    return found


def test_members_who_stand_apart_are_counted() -> None:
    exposure, table = assessed(scores(IS_MEMBER, tail_only(0.2)))

    standing_apart = exposure.identified
    assert 70 <= standing_apart <= 130
    assert exposure.members == 500
    assert f"{standing_apart:,} of 500 members can be named" in exposure.sentence
    assert int((table["named"] & table["is_member"]).sum()) == standing_apart


def test_a_look_of_several_names_on_its_share_of_the_error() -> None:
    evidence = scores(IS_MEMBER, normal(2.5))
    alone, third = (assess_exposure(evidence, IS_MEMBER, None, None, replace(GRADING, look_share=share)) for share in (1.0, 1 / 3))
    assert alone is not None
    assert third is not None
    assert 0 < third[0].identified < alone[0].identified
    wanted = third[1]["q_value"] <= 0.1 / 3 + 1e-12
    np.testing.assert_array_equal(third[1]["named"], wanted)


def test_without_a_leak_nobody_can_be_named() -> None:
    exposure, table = assessed(scores(IS_MEMBER, normal(0.0)))

    assert exposure.identified == 0
    assert exposure.sentence.startswith("No candidate can be named as a member")
    assert len(table["row"]) == 50


def test_all_columns_are_equally_long_and_point_at_candidates() -> None:
    evidence = scores(IS_MEMBER, tail_only(0.2))

    _, table = assessed(evidence, SIGNALS, np.arange(1, 1_001))

    assert len({len(column) for column in table.values()}) == 1
    assert (table["score"] == evidence.target[table["row"]]).all()
    assert (table["is_member"] == IS_MEMBER[table["row"]]).all()
    assert (table["outlier_rank"] == table["row"] + 1).all()


def test_few_shadows_give_names_and_say_what_is_missing() -> None:
    exposure, table = assessed(scores(IS_MEMBER, normal(1.0)), shadow_signals(1_000, 16, 12, 4.0))

    assert exposure.stability is None
    assert "gap" not in table
    assert exposure.sentence.endswith("takes 64 shadow models; there are 16.")


def test_many_shadows_list_the_planted_records_first() -> None:
    exposure, table = assessed(scores(IS_MEMBER, normal(1.0)), SIGNALS)

    assert set(table["row"][:12]) == set(range(12))
    assert list(table["rank"]) == list(range(1, len(table["rank"]) + 1))
    assert (np.diff(table["gap"]) <= 0).all()
    assert (table["tpr"][:12] > 0.5).all()
    assert exposure.stability is not None
    assert "candidates are measurably exposed" in exposure.sentence


def test_memorisation_is_left_out_where_the_target_answers_no_probability() -> None:
    _, table = assessed(scores(IS_MEMBER, normal(1.0)), replace(SIGNALS, probabilities=None))

    assert "gap" in table
    assert "memorisation" not in table


def test_exposure_and_outliers_are_compared() -> None:
    unlike = np.arange(1, 1_001)  # the planted records are the most unusual ones

    exposure, _ = assessed(scores(IS_MEMBER, normal(1.0)), SIGNALS, unlike)

    assert "unlike the other records" in exposure.sentence


def test_without_pseudo_targets_nobody_is_named() -> None:
    assert assess_exposure(scores(IS_MEMBER, normal(1.0), pseudo=0), IS_MEMBER, SIGNALS, None, GRADING) is None


def test_names_that_are_wrong_too_often_are_told() -> None:
    """Shadows that answer lower than the target make everybody look like a member."""
    evidence = scores(IS_MEMBER, normal(0.5))
    exposure, _ = assessed(replace(evidence, pseudo_targets=evidence.pseudo_targets - 10.0))

    assert exposure.identified == 500
    assert exposure.sentence.startswith("With at most 10 % of names wrong")
    assert "more than promised: the shadow models differ from the target" in exposure.sentence


def test_at_most_1000_are_listed() -> None:
    is_member = sides(1_500, 1_500)
    found = assess_exposure(scores(is_member, normal(9.0)), is_member, None, None, GRADING)

    assert found is not None
    assert len(found[1]["row"]) == 1_000
    assert found[0].identified > 1_400


def test_scores_that_are_not_numbers_are_refused() -> None:
    evidence = scores(IS_MEMBER, normal(1.0))
    evidence.target[0] = np.nan

    with pytest.raises(AttackFailed, match="not numbers"):
        assessed(evidence)


def people(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({"age": rng.normal(40, 5, n), "town": rng.choice(["Aa", "Bee"], n).astype(object)})


def test_the_record_unlike_all_others_is_the_first_outlier() -> None:
    frame = people(400)
    frame.loc[7, ["age", "town"]] = [120.0, "Faraway"]

    ranks = outlier_ranks(frame, np.zeros(400, np.intp), 5)

    assert ranks[7] == 1
    assert sorted(ranks) == list(range(1, 401))


def test_outliers_repeat_with_the_seed() -> None:
    frame = people(300)

    assert (outlier_ranks(frame, np.zeros(300, np.intp), 5) == outlier_ranks(frame, np.zeros(300, np.intp), 5)).all()


def test_records_without_any_difference_have_ranks_too() -> None:
    assert sorted(outlier_ranks(pd.DataFrame({"a": np.ones(20)}), np.zeros(20, np.intp), 1)) == list(range(1, 21))
