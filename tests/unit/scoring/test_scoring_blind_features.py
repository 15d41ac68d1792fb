import numpy as np
import pandas as pd
import pytest

from auditor.scoring.blind_features import LABEL, LEVELS, blind_table, columns_that_differ

N = 600


def people(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, N),
            "gain": np.where(rng.random(N) < 0.9, 0.0, rng.lognormal(8, 2, N)),
            "work": rng.choice(["private", "public", "none"], N).astype(object),
            "owner": pd.Series(rng.random(N) < 0.5).astype(object),
        }
    )


def labels() -> np.ndarray:
    return np.random.default_rng(9).integers(0, 2, N)


def test_every_kind_of_column_becomes_finite_numbers() -> None:
    table = blind_table(people(), labels())

    assert table.linear.shape[0] == table.questions.shape[0] == N
    assert np.isfinite(table.linear).all()
    assert table.linear.mean(axis=0) == pytest.approx(0, abs=0.2)
    assert table.questions.dtype == bool


def test_no_question_has_the_same_answer_for_everybody() -> None:
    share = blind_table(people(), labels()).questions.mean(axis=0)

    assert (share > 0).all()
    assert (share < 1).all()


def test_missing_cells_are_a_value_of_their_own() -> None:
    frame = people()
    frame["gain"] = frame["gain"].mask(np.arange(N) % 3 == 0)
    frame.loc[np.arange(N) % 4 == 0, "work"] = None

    table = blind_table(frame, labels())

    for missing in (np.arange(N) % 3 == 0, np.arange(N) % 4 == 0):
        assert (table.questions == missing[:, None]).all(axis=0).any()
    assert np.isfinite(table.linear).all()


def test_a_column_without_a_single_value_is_harmless() -> None:
    frame = people().assign(empty=np.nan, nothing=pd.Series([None] * N, dtype=object), same=1.0)

    table, plain = blind_table(frame, labels()), blind_table(people(), labels())

    assert table.linear.shape == plain.linear.shape
    assert table.questions.shape == plain.questions.shape


def test_the_label_is_a_column_like_the_others() -> None:
    table = blind_table(people(), labels())

    assert (table.questions == (labels() == 1)[:, None]).all(axis=0).any()


def test_a_column_that_is_named_like_the_label_is_kept() -> None:
    frame = people().assign(**{LABEL: np.arange(N, dtype=float)})

    assert blind_table(frame, labels()).questions.shape[1] > blind_table(people(), labels()).questions.shape[1]


def test_the_index_of_the_records_does_not_matter() -> None:
    moved = people().set_index(np.arange(N)[::-1] + 50)

    assert (blind_table(moved, labels()).questions == blind_table(people(), labels()).questions).all()
    assert columns_that_differ(moved, labels(), labels() == 1) == [LABEL]


def test_rare_categories_share_no_column() -> None:
    frame = pd.DataFrame({"id": pd.Series([f"v{i}" for i in range(N)], dtype=object)})

    assert blind_table(frame, np.zeros(N, int)).linear.shape[1] == LEVELS


def test_very_many_columns_stay_within_bounds() -> None:
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.standard_normal((200, 1_500)))
    words = pd.DataFrame(rng.integers(0, 20, (200, 500)).astype(str)).astype(object).add_prefix("w")

    assert blind_table(wide, np.zeros(200, int)).questions.shape[1] <= 1_500
    assert blind_table(words, np.zeros(200, int)).linear.shape[1] <= 4 * 501


def test_an_extreme_cell_does_not_drown_the_others() -> None:
    frame = people()
    frame.loc[0, "gain"] = 1e30

    assert np.abs(blind_table(frame, labels()).linear).max() <= 5.0


def test_the_columns_that_differ_are_named_the_most_different_first() -> None:
    is_member = np.random.default_rng(2).random(N) < 0.5
    frame = people()
    frame["gain"] += 5_000.0 * is_member
    frame["work"] = np.where(is_member & (np.arange(N) % 3 == 0), "public", frame["work"])

    assert columns_that_differ(frame, labels(), is_member) == ["gain", "work"]


def test_missing_cells_alone_may_make_the_difference() -> None:
    is_member = np.random.default_rng(3).random(N) < 0.5
    frame = people()
    frame["gain"] = frame["gain"].mask(is_member & (np.arange(N) % 2 == 0))
    frame.loc[is_member & (np.arange(N) % 2 == 1), "work"] = None

    assert set(columns_that_differ(frame, labels(), is_member)) == {"gain", "work"}


def test_a_difference_in_the_label_is_named() -> None:
    is_member = np.random.default_rng(4).random(N) < 0.5

    assert columns_that_differ(people(), is_member.astype(int), is_member) == [LABEL]


def test_equal_sides_have_no_column_to_name() -> None:
    named = [columns_that_differ(people(seed), labels(), np.random.default_rng((seed, 5)).random(N) < 0.5) for seed in range(30)]

    assert sum(map(bool, named)) <= 2


def test_a_column_with_one_value_does_not_differ() -> None:
    is_member = np.random.default_rng(6).random(N) < 0.5
    frame = pd.DataFrame({"same": pd.Series(["x"] * N, dtype=object), "number": np.ones(N)})

    assert columns_that_differ(frame, np.zeros(N, int), is_member) == []
