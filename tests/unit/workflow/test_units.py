"""Records of one household go into the training data of a shadow model together."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import AuditData
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.shadows import design
from auditor.workflow.prepare import RawTable, prepare
from auditor.workflow.units import units_of


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
