"""What a report shows of reconstructions: pictures with known cells, aggregates alone, and nothing of few records."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.scoring.grading import Originals, Truth
from auditor.scoring.shown_reconstructions import Shown, averaged, shown_reconstructions

PIXELS = tuple(Column(f"p{i}", ColumnType.NUMBER) for i in range(4))
BLACK, WHITE = [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]


def frame(rows: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[c.name for c in PIXELS])


def claims(rows: list[list[float]], labels: list[int]) -> Reconstructions:
    return Reconstructions(frame(rows), np.array(labels), np.zeros(len(labels)))


def world(members: tuple[int, ...] = (10, 10), auxiliary: tuple[int, ...] = (10, 10)) -> Truth:
    """Members of class 0 are black but for their first cell, those of class 1 white; non-members are grey."""
    rows = [[0.2, 0.0, 0.0, 0.0]] * members[0] + [WHITE] * members[1] + [[0.5] * 4] * 4
    labels = np.repeat([0, 1, 0], [*members, 4])
    others = Records(frame([BLACK] * sum(auxiliary)), np.repeat([0, 1], auxiliary))
    originals = Originals(Records(frame(rows), labels), PIXELS, others, {c.name: (0.0, 1.0) for c in PIXELS})
    return Truth(np.arange(len(rows)) < sum(members), labels, None, None, 2, originals=originals)


CLAIM, GUESS = claims([[0.2, 0, 0, 0], BLACK], [0, 1]), claims([[1.0, 0, 0, 0], WHITE], [0, 1])
IMAGES = Shown(("dark", "light"), (2, 2))


def shown(truth: Truth, how: Shown = IMAGES) -> dict[str, Any]:
    return shown_reconstructions(CLAIM, GUESS, truth, how)


def test_pictures_are_cells_from_black_to_white() -> None:
    found = shown(world())
    assert found["image_shape"] == [2, 2]
    dark, light = found["classes"]
    assert dark["image"] == {"reconstructed": "33000000", "guess": "ff000000", "members": "33000000"}
    assert light["image"] == {"reconstructed": "00000000", "guess": "ffffffff", "members": "ffffffff"}


def test_distances_are_squared_and_to_the_mean_of_the_members() -> None:
    dark, light = shown(world())["classes"]
    assert dark["distance"] == 0.0
    assert dark["distance_guess"] == pytest.approx(0.8**2 / 4)
    assert (light["distance"], light["distance_guess"]) == (1.0, 0.0)


def test_the_surest_claim_is_shown() -> None:
    two = replace(claims([BLACK, WHITE], [0, 0]), scores=np.array([1.0, 2.0]))
    (dark,) = shown_reconstructions(two, GUESS, world(), IMAGES)["classes"]
    assert dark["image"]["reconstructed"] == "ffffffff"


def test_a_class_of_nine_members_is_counted_and_not_shown() -> None:
    found = shown(world(members=(9, 10)))
    assert [c["label"] for c in found["classes"]] == ["light"]
    assert found["left_out"] == {"small": 1, "more": 0}


def test_a_guess_from_nine_records_is_not_shown() -> None:
    dark, light = shown(world(auxiliary=(9, 10)))["classes"]
    assert (dark["image"]["guess"], dark["distance_guess"]) == (None, None)
    assert light["image"]["guess"] == "ffffffff"


def test_a_guess_about_a_class_without_records_is_that_of_all_of_them() -> None:
    assert shown(world(auxiliary=(0, 10)))["classes"][0]["image"]["guess"] == "ff000000"
    assert shown(world(auxiliary=(0, 9)))["classes"][0]["image"]["guess"] is None


def test_only_ten_classes_are_shown() -> None:
    labels = np.repeat(np.arange(12), 10)
    records = Records(frame([[c / 12] * 4 for c in labels]), labels)
    truth = Truth(np.ones(120, dtype=bool), labels, None, None, 12, originals=Originals(records, PIXELS, records))
    every = claims([[0.5] * 4] * 12, list(range(12)))
    found = shown_reconstructions(every, every, truth, Shown([f"c{i}" for i in range(12)]))
    assert [c["label"] for c in found["classes"]] == [f"c{i}" for i in range(10)]
    assert found["left_out"] == {"small": 0, "more": 2}


def test_large_pictures_are_averaged_in_blocks() -> None:
    picture = np.arange(36.0 * 70).reshape(36, 70)
    small = averaged(picture)
    assert small.shape == (12, 24)  # blocks of 3 x 3; the last column of blocks has one cell a row
    assert small[0, 0] == picture[:3, :3].mean()
    assert small[-1, -1] == picture[33:, 69:].mean()
    assert averaged(np.ones((64, 64, 3))).shape == (32, 32, 3)
    assert averaged(np.eye(3)) is not None and (averaged(np.eye(3)) == np.eye(3)).all()  # noqa: PT018 - one claim


MIXED = (Column("age", ColumnType.NUMBER), Column("town", ColumnType.CATEGORY), Column("same", ColumnType.NUMBER))


def people(towns: list[str | None]) -> Truth:
    size = len(towns)
    features = pd.DataFrame({"age": np.linspace(20.0, 40.0, size), "town": np.array(towns, dtype=object), "same": np.ones(size)})
    records = Records(features, np.zeros(size, dtype=np.intp))
    return Truth(np.ones(size, dtype=bool), records.labels, None, None, 1, originals=Originals(records, MIXED, records))


def one(age: float, town: str) -> Reconstructions:
    return Reconstructions(pd.DataFrame({"age": [age], "town": [town], "same": [1.0]}), np.array([0]), np.zeros(1))


def test_columns_are_means_and_most_frequent_categories() -> None:
    found = shown_reconstructions(one(31, "York"), one(25, "Ely"), people(["York"] * 11 + ["Ely"] * 4), Shown(("yes",)))
    assert found["image_shape"] is None
    assert found["classes"][0]["columns"] == [  # the town differs wholly, the age by 6 of 20; a constant says nothing
        {"column": "town", "members": "York", "reconstructed": "York", "guess": "Ely"},
        {"column": "age", "members": 30.0, "reconstructed": 31.0, "guess": 25.0},
    ]


def test_a_category_of_fewer_than_ten_members_is_not_named() -> None:
    found = shown_reconstructions(one(31, "x"), one(25, "y"), people(["York"] * 9 + ["Ely"] * 4 + [None] * 3), Shown(("yes",)))
    assert {c["column"]: c["members"] for c in found["classes"][0]["columns"]} == {"town": None, "age": 30.0}


def test_columns_that_differ_most_come_first_and_are_twelve() -> None:
    names = [f"x{i}" for i in range(20)]
    columns = tuple(Column(n, ColumnType.NUMBER) for n in names)
    values = pd.DataFrame(np.tile(np.linspace(0, 1, 11)[:, None], (1, 20)), columns=names)
    records = Records(values, np.zeros(11, dtype=np.intp))
    truth = Truth(np.ones(11, dtype=bool), records.labels, None, None, 1, originals=Originals(records, columns, records))
    near = Reconstructions(pd.DataFrame([[0.5 + i / 100 for i in range(20)]], columns=names), np.array([0]), np.zeros(1))
    (found,) = shown_reconstructions(near, near, truth, Shown(("yes",)))["classes"]
    assert [c["column"] for c in found["columns"]] == [f"x{i}" for i in range(19, 7, -1)]


def test_claims_about_no_class_and_constant_records_show_nothing() -> None:
    assert shown_reconstructions(claims([BLACK], [-1]), GUESS, world(), IMAGES) == {}
    truth = world()
    assert shown_reconstructions(CLAIM, GUESS, replace(truth, originals=None), IMAGES) == {}
    still = Records(frame([BLACK] * len(truth.labels)), truth.labels)
    assert shown_reconstructions(CLAIM, GUESS, replace(truth, originals=Originals(still, PIXELS)), IMAGES) == {}


def test_the_same_evidence_shows_the_same() -> None:
    assert shown(world()) == shown(world())
