"""Records of one household go into the training data of a shadow model together."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import AuditData, Sensitive
from auditor.domain.evidence import AttributeGuesses, Disclosures, MembershipScores
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.shadows import design
from auditor.workflow.prepare import RawTable, prepare
from auditor.workflow.units import independent, of_independent, one_of_each, units_of


def people(count: int, seed: int, home: str = "h") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = {
        "age": [f"{seed}{i}" for i in range(count)],
        "home": [f"{home}{i // 3}" for i in range(count)],
        "label": rng.choice(["no", "yes"], count),
    }
    return pd.DataFrame(frame).astype(object)


def ready(members: pd.DataFrame, others: pd.DataFrame, **changes: Any) -> AuditData:
    document = {"members": "a", "non_members": "b", "label": "label", "group": "home", **changes}
    spec = parse({"spec": 1, "target": {"url": "http://127.0.0.1/"}, "data": document}).data
    return prepare(spec, {"members": RawTable(members, {}), "non_members": RawTable(others, {})}, (), 7)


def homes_of(data: AuditData, *files: pd.DataFrame) -> list[str]:
    written = {age: home for file in files for age, home in zip(file["age"], file["home"], strict=True)}
    return [written[str(age)] for age in data.candidates.features["age"]]


def test_records_of_one_home_share_a_unit_and_the_column_is_not_sent() -> None:
    members, others = people(90, 1, "m"), people(90, 2, "o")
    data = ready(members, others)
    assert [column.name for column in data.columns] == ["age"]
    assert data.candidates.units is not None
    homes = homes_of(data, members, others)
    pairs = pd.DataFrame({"home": homes, "unit": data.candidates.units})
    assert (pairs.groupby("home")["unit"].nunique() == 1).all()
    assert pairs["unit"].nunique() == 60
    for mask in design.halves(data.candidates, range(4), 7):
        assert (pd.Series(mask).groupby(homes).nunique() == 1).all()


def test_a_record_without_a_home_stands_alone() -> None:
    assert len(set(units_of([None, "a", None, "a", float("nan")]))) == 4
    members = people(90, 1, "m")
    members.loc[:8, "home"] = ""
    units = ready(members, people(90, 2, "o")).candidates.units
    assert units is not None
    assert len(set(units)) == 27 + 9 + 30


def test_homes_on_both_sides_are_said() -> None:
    data = ready(people(90, 1), people(120, 2))
    assert any(note.startswith("30 groups have records on both sides") for note in data.notes)
    assert any(note.startswith("The 210 records belong to 40 groups") for note in data.notes)


def test_of_each_home_the_first_record_speaks() -> None:
    units = np.array([2, 0, 2, 1, 0, 3])
    np.testing.assert_array_equal(one_of_each(units, 6), [0, 1, 3, 5])
    np.testing.assert_array_equal(one_of_each(None, 3), [0, 1, 2])


def test_scores_of_one_record_of_each_home_are_left() -> None:
    units, scores = np.array([2, 0, 2, 1, 0, 3]), np.arange(6.0)
    evidence = MembershipScores(scores, np.stack([scores, -scores]), np.zeros((2, 6), dtype=bool))
    left = independent(evidence, units)
    np.testing.assert_array_equal(left.rows, [0, 1, 3, 5])
    np.testing.assert_array_equal(left.target, [0, 1, 3, 5])
    np.testing.assert_array_equal(left.pseudo_targets[1], [0, -1, -3, -5])
    assert left.membership.shape == (2, 4)
    assert independent(evidence, None) is evidence


def test_an_attack_on_some_of_the_records_is_left_with_one_of_each_home_among_these() -> None:
    units, tried = np.array([2, 0, 2, 1, 0, 3]), np.array([2, 4, 5])
    none = np.zeros((0, 3))
    left = independent(MembershipScores(np.array([7.0, 8.0, 9.0]), none, none.astype(bool), tried), units)
    np.testing.assert_array_equal(left.rows, tried)
    np.testing.assert_array_equal(left.target, [7.0, 8.0, 9.0])


def test_who_belongs_together_is_part_of_what_shadows_are_reused_by() -> None:
    members, others = people(90, 1, "m"), people(90, 2, "o")
    moved = members.assign(home=np.roll(members["home"].to_numpy(), 1))
    digests = {
        ready(members, others).digest,
        ready(moved, others).digest,
        ready(members, others, group=None, exclude=["home"]).digest,
    }
    assert len(digests) == 3


def test_a_home_that_the_target_is_sent_is_sent() -> None:
    data = ready(people(90, 1, "m"), people(90, 2, "o"), features=["age", "home"])
    assert [column.name for column in data.columns] == ["age", "home"]


def test_a_file_without_the_column_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        ready(people(90, 1), people(90, 2).drop(columns="home"))
    assert caught.value.field in ("data.group", "data.non_members")
    assert "'home'" in caught.value.sentence


def test_guesses_of_attributes_are_thinned_like_scores() -> None:
    attribute = Sensitive("job", ("job",), (("baker",), ("miner",)))
    guesses = AttributeGuesses(attribute, np.array([0, 1, 2, 4]), np.arange(8.0).reshape(4, 2), np.array([1, 2, 3, 1]))
    thinned = of_independent(guesses, np.array([7, 7, 8, 8, 8]))
    assert isinstance(thinned, AttributeGuesses)
    assert thinned.rows.tolist() == [0, 2]
    assert thinned.scores.tolist() == [[0, 1], [4, 5]]
    assert thinned.cases is not None
    assert thinned.cases.tolist() == [1, 3]
    assert of_independent(guesses, None) is guesses


def test_evidence_about_no_single_candidate_is_left_alone() -> None:
    nothing = Disclosures(())
    assert of_independent(nothing, np.zeros(5, np.intp)) is nothing
