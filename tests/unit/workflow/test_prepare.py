"""From files to audit data: distinct records, typed columns, an order that says nothing about membership."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import AuditData, ColumnType
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.workflow.prepare import MIN_SIDE, RawTable, prepare
from auditor.workflow.sensitive_columns import is_sensitive_usable


def people(count: int, seed: int, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = {
        "id": [f"{seed}-{i}" for i in range(count)],
        "age": rng.integers(18, 90, count).astype(str),
        "zip": [f"0{n}" for n in rng.integers(1000, 9999, count)],
        "sex": rng.choice(["f", "m"], count),
        "label": rng.choice(["no", "yes"], count),
    }
    return pd.DataFrame({**frame, **columns}).astype(object)


def data_spec(**changes: Any) -> Any:
    document = {"members": "a", "non_members": "b", "label": "label", **changes}
    return parse({"spec": 1, "target": {"url": "http://127.0.0.1/"}, "data": document}).data


def ready(members: pd.DataFrame, others: pd.DataFrame, auxiliary: pd.DataFrame | None = None, **changes: Any) -> AuditData:
    frames = {"members": members, "non_members": others} | ({} if auxiliary is None else {"auxiliary": auxiliary})
    tables = {name: RawTable(frame, {}) for name, frame in frames.items()}
    classes = changes.pop("classes", ())
    return prepare(data_spec(**changes), tables, classes, seed=changes.get("seed", 7))


@pytest.fixture(scope="module")
def members() -> pd.DataFrame:
    return people(120, 1)


@pytest.fixture(scope="module")
def others() -> pd.DataFrame:
    return people(130, 2)


def test_every_record_is_a_candidate_once(members: pd.DataFrame, others: pd.DataFrame) -> None:
    data = ready(members, others)
    assert len(data.candidates) == 250
    assert data.is_member.sum() == 120
    ids = data.candidates.features["id"]
    assert set(ids[data.is_member]) == set(members["id"])
    assert data.removed == {}


def test_types_come_from_all_files_together(members: pd.DataFrame, others: pd.DataFrame) -> None:
    strange = others.copy()
    strange.loc[0, "age"] = "unknown"
    kinds = {c.name: c.type for c in ready(members, strange).columns}
    assert kinds == {"id": ColumnType.STRING, "age": ColumnType.STRING, "zip": ColumnType.STRING, "sex": ColumnType.STRING}
    assert {c.name: c.type for c in ready(members, others).columns}["age"] is ColumnType.INTEGER


def test_a_missing_word_is_a_missing_cell(members: pd.DataFrame, others: pd.DataFrame) -> None:
    gaps = others.copy()
    gaps.loc[:9, "age"] = "NA"
    gaps.loc[:9, "sex"] = ""
    data = ready(members, gaps, missing=["", "NA"])
    assert data.candidates.features["age"].isna().sum() == 10
    assert data.candidates.features["sex"].isna().sum() == 10


def test_labels_are_class_indices_in_sorted_order(members: pd.DataFrame, others: pd.DataFrame) -> None:
    data = ready(members, others)
    assert data.classes == ("no", "yes")
    by_id = dict(zip(pd.concat([members, others])["id"], pd.concat([members, others])["label"], strict=True))
    assert [data.classes[i] for i in data.candidates.labels] == [by_id[i] for i in data.candidates.features["id"]]


def test_the_order_of_candidates_does_not_depend_on_the_sides(members: pd.DataFrame, others: pd.DataFrame) -> None:
    one, two = ready(members, others), ready(others, members)
    assert one.candidates.features.equals(two.candidates.features)
    assert one.digest == two.digest
    assert np.array_equal(one.is_member, ~two.is_member)


def test_the_order_of_rows_in_a_file_does_not_matter(members: pd.DataFrame, others: pd.DataFrame) -> None:
    shuffled = members.sample(frac=1, random_state=3).reset_index(drop=True)
    assert ready(members, others).candidates.features.equals(ready(shuffled, others).candidates.features)


def test_shadow_models_may_know_the_members_that_stand_on_both_sides(members: pd.DataFrame, others: pd.DataFrame) -> None:
    """They are nobody's candidates, and the target was trained on each of their rows."""
    plain = ready(members, others)
    data = ready(pd.concat([members, members[:7], members[:2]]), pd.concat([others, members[:7]]))

    assert plain.training is None
    assert plain.training_digest == ""
    assert data.training is not None
    assert list(data.training.features["id"]) == [*members["id"][:7], *members["id"][:7], *members["id"][:2]]
    assert not set(data.training.features["id"]) & set(data.candidates.features["id"])
    assert any(note.startswith("Shadow models were trained on 16 rows of members that stand among") for note in data.notes)


def test_they_join_the_rest_of_the_training_data(members: pd.DataFrame, others: pd.DataFrame) -> None:
    rest = people(40, 3)
    tables = {"members": members, "non_members": pd.concat([others, members[:5]]), "training": rest}
    spec = data_spec(training="c")

    data = prepare(spec, {name: RawTable(frame, {}) for name, frame in tables.items()}, (), 7)

    assert data.training is not None
    assert set(data.training.features["id"]) == {*rest["id"], *members["id"][:5]}
    assert [note[:36] for note in data.notes[:2]] == [
        "Shadow models were trained on 40 fur",
        "Shadow models were trained on 5 rows",
    ]


def test_duplicates_and_records_on_both_sides_are_removed_and_counted(members: pd.DataFrame, others: pd.DataFrame) -> None:
    doubled = pd.concat([members, members.head(5)], ignore_index=True)
    crossing = pd.concat([others, members.head(7)], ignore_index=True)
    data = ready(doubled, crossing, pd.concat([people(80, 3), others.head(4)], ignore_index=True))
    assert data.removed == {
        "duplicate_members": 5,
        "members_also_non_members": 7,
        "non_members_also_members": 7,
        "auxiliary_also_candidates": 4,
    }
    assert data.is_member.sum() == 113
    assert len(data.candidates) == 243
    assert len(data.auxiliary) == 80


def test_the_same_features_with_another_label_are_another_record(members: pd.DataFrame, others: pd.DataFrame) -> None:
    twin = others.copy()
    twin.loc[0] = members.loc[0]
    twin.loc[0, "label"] = "yes" if members.loc[0, "label"] == "no" else "no"
    assert ready(members, twin).removed == {}


def test_rows_without_a_label_are_left_out_and_counted(members: pd.DataFrame, others: pd.DataFrame) -> None:
    silent = members.copy()
    silent.loc[:3, "label"] = ""
    assert ready(silent, others).removed == {"members_without_label": 4}


def test_a_third_of_many_non_members_is_set_aside_and_said(members: pd.DataFrame) -> None:
    data = ready(members, people(2_400, 5))
    assert len(data.auxiliary) == 800
    assert (~data.is_member).sum() == 1_600
    assert "800 of the non-members were set aside" in data.notes[0]
    assert not set(data.auxiliary.features["id"]) & set(data.candidates.features["id"])


def test_few_non_members_are_all_scored_and_that_is_said_too(members: pd.DataFrame, others: pd.DataFrame) -> None:
    data = ready(members, others)
    assert len(data.auxiliary) == 0
    assert "too few" in data.notes[0]


def test_only_named_features_are_sent_in_their_order(members: pd.DataFrame, others: pd.DataFrame) -> None:
    assert [c.name for c in ready(members, others, features=["sex", "age"]).columns] == ["sex", "age"]
    assert [c.name for c in ready(members, others, exclude=["id"]).columns] == ["age", "zip", "sex"]


def test_sensitive_values_are_those_of_the_auxiliary_records(members: pd.DataFrame, others: pd.DataFrame) -> None:
    data = ready(members, others, people(80, 3), sensitive=["sex"])
    assert data.sensitive[0].values == (("f",), ("m",))
    assert is_sensitive_usable(data.sensitive[0]) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [((), "give data.auxiliary"), ((("f",),), "one value only"), (tuple((str(i),) for i in range(21)), "at most 20")],
)
def test_an_attribute_that_cannot_be_attacked_says_why(values: Any, said: str) -> None:
    from auditor.domain.data import Sensitive

    assert said in str(is_sensitive_usable(Sensitive("sex", ("sex",), values)))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"label": "lable"}, "data.label", "did you mean 'label'?"),
        ({"features": ["agee"]}, "data.members", "did you mean 'age'?"),
        ({"types": {"agee": "string"}}, "data.types.agee", "did you mean 'age'?"),
        ({"sensitive": ["sexx"]}, "data.sensitive", "did you mean 'sex'?"),
        ({"exclude": ["id", "age", "zip", "sex"]}, "data.features", "no feature column is left"),
        ({"exclude": ["idd"]}, "data.exclude", "no file has a column 'idd'; did you mean 'id'?"),
        ({"classes": ("no", "maybe")}, "target.classes", "'yes'"),
        ({"types": {"sex": "number"}}, "data.types.sex", "is no number"),
    ],
)
def test_a_mistake_names_its_field_and_what_to_change(
    members: pd.DataFrame, others: pd.DataFrame, changes: Any, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        ready(members, others, **changes)
    assert caught.value.field == field
    assert said in caught.value.sentence


def test_a_column_that_only_one_file_has_is_named(members: pd.DataFrame, others: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match="column 'zip' is missing") as caught:
        ready(members, others.drop(columns="zip"))
    assert caught.value.field == "data.non_members"


def test_a_file_of_three_rows_is_refused_with_the_number_that_is_needed(members: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match=f"3 distinct labelled records are left.*at least {MIN_SIDE}"):
        ready(members, people(3, 9))


def test_one_class_only_is_refused(members: pd.DataFrame, others: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match="one value only"):
        ready(members.assign(label="no"), others.assign(label="no"))


def test_a_column_that_only_one_file_has_is_told(members: pd.DataFrame, others: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match="column 'height' of non_members is missing from this file") as mistake:
        ready(members, others.assign(height="1"))
    assert mistake.value.field == "data.members"


@pytest.mark.parametrize("changes", [{"exclude": ["height"]}, {"features": ["age", "zip", "sex"]}])
def test_a_column_that_is_not_asked_with_may_stand_in_one_file_only(
    members: pd.DataFrame, others: pd.DataFrame, changes: dict[str, Any]
) -> None:
    data = ready(members, others.assign(height="1"), **changes)
    assert "height" not in data.candidates.features


def test_of_many_columns_only_some_are_listed(members: pd.DataFrame, others: pd.DataFrame) -> None:
    wide = {f"c{i}": "1" for i in range(300)}
    with pytest.raises(InvalidInput, match=r"known are: id, age, .* and 293 more$"):
        ready(members.assign(**wide), others.assign(**wide), label="outcome")


def test_a_name_that_is_only_a_little_alike_is_not_suggested(members: pd.DataFrame, others: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match=r"column 'label' is missing from this file; known are: id, age, zip, sex$"):
        ready(members, others.drop(columns="label"))


class TestSubgroups:
    """The columns to be reported apart stand beside the candidates, in their order."""

    def test_a_column_that_is_asked_with(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        data = ready(members, others, subgroups=["sex"])
        assert data.groups is not None
        assert data.groups["sex"].tolist() == data.candidates.features["sex"].tolist()

    def test_a_column_that_the_target_is_never_sent(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        data = ready(members, others, subgroups=["sex", "age"], exclude=["sex", "age"])
        assert [c.name for c in data.columns] == ["id", "zip"]
        assert data.groups is not None
        by_id = pd.concat([members, others]).set_index("id").loc[list(data.candidates.features["id"])]
        assert data.groups["sex"].tolist() == by_id["sex"].tolist()
        assert data.groups["age"].tolist() == by_id["age"].astype(int).tolist()

    def test_the_label_is_reported_apart_without_being_named(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        assert ready(members, others, subgroups=["label"]).groups is None

    def test_they_change_neither_the_records_nor_their_order(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        plain, grouped = ready(members, others, exclude=["sex"]), ready(members, others, exclude=["sex"], subgroups=["sex"])
        assert plain.digest == grouped.digest
        assert plain.candidates.features.equals(grouped.candidates.features)

    def test_auxiliary_records_need_not_have_them(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        auxiliary = people(80, 3).drop(columns="sex")
        data = ready(members, others, auxiliary, subgroups=["sex"], features=["id", "age", "zip"])
        assert data.groups is not None
        assert set(data.groups["sex"]) == {"f", "m"}

    def test_a_column_that_is_missing_is_named(self, members: pd.DataFrame, others: pd.DataFrame) -> None:
        with pytest.raises(InvalidInput, match=r"column 'sexx' is missing from members; did you mean 'sex'\?") as mistake:
            ready(members, others, subgroups=["sexx"])
        assert mistake.value.field == "data.subgroups"
