"""Cells of identical answers, on models whose leaves are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scoring_world import sides

from auditor.domain.target import Output, Profile
from auditor.scoring.structure import Side, Structure, structure

PROFILE = Profile(Output.PROBABILITIES, ("no", "yes"))
Floats = NDArray[np.float64]


def answered(yes: object) -> Floats:
    """(n, 2) from the probabilities of yes."""
    given = np.asarray(yes, dtype=float)
    return np.column_stack([1 - given, given])


def found(answers: Floats, is_member: NDArray[np.bool_], profile: Profile = PROFILE, k: int = 10) -> Structure:
    result = structure(answers, is_member, profile, k)
    assert result is not None
    return result


def two_halves(members: Floats, non_members: Floats, profile: Profile = PROFILE, k: int = 10) -> Structure:
    """Members first: whether a row is a member follows from its place."""
    is_member = np.arange(len(members) + len(non_members)) < len(members)
    return found(np.concatenate([members, non_members]), is_member, profile, k)


class TestATreeWithLeavesOfThree:
    leaves = answered(np.repeat(np.linspace(0.2, 0.8, 100), 3))

    def test_every_member_stands_in_a_small_cell(self) -> None:
        side = two_halves(self.leaves, answered(np.full(50, 0.5001))).members
        assert (side.records, side.cells, side.alone, side.small) == (300, 100, 0, 300)

    def test_the_threshold_is_that_of_fewer_than_k(self) -> None:
        assert two_halves(self.leaves, self.leaves, k=3).members.small == 0
        assert two_halves(self.leaves, self.leaves, k=4).members.small == 300

    def test_a_non_member_counts_itself_and_the_members_it_joins(self) -> None:
        others = two_halves(self.leaves, self.leaves, k=4).non_members
        assert (others.cells, others.alone, others.small) == (100, 0, 0)
        assert two_halves(self.leaves, self.leaves, k=5).non_members.small == 300

    def test_other_non_members_do_not_fill_a_cell(self) -> None:
        others = two_halves(self.leaves, answered(np.full(50, 0.12345))).non_members
        assert (others.cells, others.alone, others.small) == (1, 50, 50)

    def test_the_sentence_has_both_sides(self) -> None:
        big = answered(np.repeat([0.3, 0.6], 100))
        result = two_halves(np.concatenate([self.leaves[:30], big]), big)
        assert result.sentences[0] == (
            "230 members have 12 different answers. Cells of fewer than 10 members with the same answer hold 30 of them (13.0 %);"
            " 0.0 % of 200 non-members fall into such a cell."
        )


class TestAConstantModel:
    result = two_halves(answered(np.full(40, 0.25)), answered(np.full(60, 0.25)))

    def test_all_stand_in_one_cell(self) -> None:
        assert self.result.members == Side(records=40, cells=1, alone=0, small=0, ruled_out_cells=0, ruled_out=0)
        assert self.result.non_members == Side(records=60, cells=1, alone=0, small=0, ruled_out_cells=0, ruled_out=0)

    def test_it_discloses_nothing(self) -> None:
        assert "40 members have 1 answer. " in self.result.sentences[0]
        assert self.result.sentences[1] == "No answer that 10 members or more have rules a class out."


class TestAModelWithAPureLeaf:
    members = answered(np.repeat([0.0, 0.4, 1.0], [20, 30, 5]))
    others = answered(np.repeat([0.0, 0.4], [10, 30]))

    def test_the_leaf_rules_a_class_out_for_all_of_it(self) -> None:
        result = two_halves(self.members, self.others)
        assert (result.members.ruled_out_cells, result.members.ruled_out) == (1, 20)
        assert (result.non_members.ruled_out_cells, result.non_members.ruled_out) == (1, 10)

    def test_a_pure_leaf_below_k_is_counted_as_small_and_not_twice(self) -> None:
        result = two_halves(self.members, self.others)
        assert result.members.small == 5
        assert two_halves(self.members, self.others, k=5).members.ruled_out == 25

    def test_the_sentence_has_the_baseline(self) -> None:
        assert two_halves(self.members, self.others).sentences[1] == (
            "Different answers that 10 members or more have and that give some class the probability 0 number 1. They rule a"
            " class out for 36.4 % of members and for 25.0 % of non-members."
        )

    def test_nearly_0_rules_nothing_out(self) -> None:
        nearly = np.where(self.members == 0, 1e-9, self.members)
        assert two_halves(nearly, self.others).members.ruled_out == 0

    def test_where_answers_are_rounded_0_is_what_is_shown(self) -> None:
        nearly = np.where(self.members == 0, 1e-9, self.members)
        result = two_halves(nearly, self.others, replace(PROFILE, decimals=2))
        assert result.members.ruled_out == 20
        assert "the probability 0 (in answers of 2 decimals)" in result.sentences[1]


class TestAnswersThatDoNotRepeat:
    rng = np.random.default_rng(3)
    result = two_halves(answered(rng.random(500)), answered(rng.random(300)))

    def test_it_is_said_and_no_alarm(self) -> None:
        assert not self.result.repeats
        assert self.result.sentences == (
            "500 of 500 members have an answer that no other member has, as is usual for answers that are not coarse; cells of"
            " identical answers tell nothing of such a target.",
        )

    def test_both_sides_stand_alone(self) -> None:
        assert (self.result.members.alone, self.result.members.small) == (500, 500)
        assert (self.result.non_members.alone, self.result.non_members.small) == (300, 300)

    def test_rounding_makes_cells(self) -> None:
        rng = np.random.default_rng(4)
        rounded = two_halves(answered(rng.random(500)), answered(rng.random(300)), replace(PROFILE, decimals=1))
        assert rounded.repeats
        assert rounded.members.cells == 11

    def test_what_is_shared_in_spite_of_it_is_told(self) -> None:
        mixed = np.concatenate([answered(np.random.default_rng(5).random(480)), answered(np.zeros(20))])
        result = two_halves(mixed, answered(np.full(10, 0.5)))
        assert not result.repeats
        assert "rule a class out for 4.0 % of members" in result.sentences[1]


def test_sizes_of_the_sides_do_not_move_the_baseline() -> None:
    rng = np.random.default_rng(0)
    leaves = rng.dirichlet(np.ones(400))
    members, many, few = (rng.choice(400, n, p=leaves) / 400 for n in (2_000, 2_000, 200))
    shares = [
        side.small / side.records
        for others in (many, few)
        for side in (
            two_halves(answered(members), answered(others)).members,
            two_halves(answered(members), answered(others)).non_members,
        )
    ]
    assert np.ptp(shares) < 0.06
    assert min(shares) > 0.5


def test_the_order_of_the_sides_does_not_matter() -> None:
    is_member = sides(300, 200, seed=1)
    answers = answered(np.random.default_rng(2).integers(0, 40, 500) / 40)
    order = np.argsort(~is_member, kind="stable")
    assert found(answers, is_member) == found(answers[order], is_member[order])


def test_the_dust_of_sums_makes_no_cell() -> None:
    dusty = answered(0.3 + np.array([0, 1e-16, -1e-16, 5e-17] * 10))
    assert two_halves(dusty, answered([0.3])).members.cells == 1


def test_minus_zero_is_zero() -> None:
    members = np.array([[0.0, 1.0], [-0.0, 1.0]] * 10)
    assert two_halves(members, members).members.cells == 1


def test_labels_form_cells_and_rule_out_nothing() -> None:
    labels = np.repeat(np.eye(2), [6, 60], axis=0)
    result = two_halves(labels, labels, replace(PROFILE, output=Output.LABELS))
    assert result.members == Side(records=66, cells=2, alone=0, small=6, ruled_out_cells=None, ruled_out=None)
    assert len(result.sentences) == 1


def test_values_form_cells_and_rule_out_nothing() -> None:
    values = np.repeat([0.0, 1_200.0, 1_300.0], [4, 30, 30])[:, None]
    result = two_halves(values, values, Profile(Output.VALUE, (), decimals=-2))
    assert (result.members.cells, result.members.small, result.members.ruled_out) == (3, 4, None)
    assert len(result.sentences) == 1


def test_classes_that_are_not_shown_are_not_ruled_out() -> None:
    top = np.tile([[np.nan, 0.9, 0.1], [0.8, np.nan, 0.2]], (20, 1))
    result = two_halves(top, top, Profile(Output.TOP_K, ("a", "b", "c"), top=2))
    assert (result.members.cells, result.members.small, result.members.ruled_out_cells) == (2, 0, 0)


def test_who_was_not_asked_stands_nowhere() -> None:
    members = np.concatenate([answered(np.full(20, 0.5)), np.full((7, 2), np.nan)])
    result = two_halves(members, members)
    assert (result.members.records, result.members.cells, result.non_members.records) == (20, 1, 20)


@pytest.mark.parametrize("only", [True, False])
def test_without_one_of_the_sides_there_is_nothing_to_tell(only: bool) -> None:
    answers = answered(np.full(30, 0.5))
    assert structure(answers, np.full(30, only), PROFILE) is None
    answers[:15] = np.nan
    assert structure(answers, (np.arange(30) < 15) == only, PROFILE) is None


def test_it_is_written_as_json() -> None:
    document = TestAConstantModel.result.as_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["members"]["ruled_out_cells"] == 0
    assert (document["k"], document["repeats"]) == (10, True)
    assert "SACRO-ML" in document["source"]


def test_a_real_tree_has_the_cells_of_its_leaves() -> None:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(7)
    features = rng.normal(size=(600, 4))
    labels = (features[:, 0] + rng.normal(size=600) > 0).astype(int)
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0).fit(features[:300], labels[:300])
    result = found(tree.predict_proba(features), np.arange(600) < 300)
    leaves = np.bincount(tree.apply(features[:300]))
    assert leaves[leaves > 0].min() >= 3
    assert result.members.cells <= (leaves > 0).sum()
    assert 0 < result.members.small <= leaves[leaves < 10].sum()
    assert result.members.ruled_out_cells is not None
    assert result.members.ruled_out_cells > 0


def test_a_tree_grown_to_pure_leaves_hides_them_in_two_answers_and_is_not_called_safe() -> None:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(8)
    features, labels = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    tree = DecisionTreeClassifier(random_state=0).fit(features[:200], labels[:200])
    result = found(tree.predict_proba(features), np.arange(400) < 200)
    assert tree.get_n_leaves() > 20
    assert (result.members.cells, result.members.small, result.members.ruled_out) == (2, 0, 200)
    assert result.sentences[0].endswith("That does not make the target safe.")
