"""Repeated records: who is kept, and that keeping them tells nothing of the side they are on."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from test_prepare import people, ready

from auditor.errors import InvalidInput
from auditor.workflow.duplicates import Distinct, distinct

Digests = NDArray[np.object_]


def digests(text: str) -> Digests:
    """A record a letter."""
    return np.array([letter.encode() for letter in text], dtype=object)


def kept(members: str, others: str, **more: str) -> tuple[dict[str, str], dict[str, int]]:
    files = {"members": members, "non_members": others, **more}
    found = distinct({name: digests(text) for name, text in files.items()}, 7)
    return {name: "".join(np.array(list(text))[found.kept[name]]) for name, text in files.items()}, found.removed


def test_records_that_occur_once_are_all_kept() -> None:
    assert kept("abc", "defg") == ({"members": "abc", "non_members": "defg"}, {})


def test_a_record_on_both_sides_leaves_both() -> None:
    left, removed = kept("abcx", "defgxx")
    assert left == {"members": "abc", "non_members": "defg"}
    assert removed == {"duplicate_non_members": 1, "members_also_non_members": 1, "non_members_also_members": 1}


def on_both(members: str, others: str, seed: int | None = 7, **more: str) -> str:
    files = {name: digests(text) for name, text in {"members": members, "non_members": others, **more}.items()}
    return "".join(np.array(list(members))[distinct(files, seed).on_both])


def test_every_row_of_the_members_that_stands_on_both_sides_is_known_to_be_trained_on() -> None:
    assert on_both("abxxcy", "dexyy") == "xxy"
    assert on_both("abxx", "dexz", training="xzz") == ""  # the rest of the training data holds it already
    assert on_both("abxx", "dex", None) == ""  # coins put canaries on their sides, and none is taken off


def test_records_with_copies_are_as_frequent_on_both_sides_as_those_without() -> None:
    left, removed = kept("abcd" + "xxyyzz", "efgh" + "vv")
    assert set("abcd") < set(left["members"])
    assert len(left["members"]) == 5
    assert left["non_members"] == "efghv"
    assert removed == {"duplicate_members": 3, "duplicate_non_members": 1, "unmatched_members": 2}


def test_the_ratio_of_the_sides_is_kept() -> None:
    left, removed = kept("abcdef" + "xxyyzz", "mn" + "uuvvww")
    assert (len(left["members"]), len(left["non_members"])) == (6 + 3, 2 + 1)
    assert removed["unmatched_non_members"] == 2


def test_copies_in_the_rest_of_the_training_data_count() -> None:
    left, removed = kept("abx", "cdy", training="xyzz")
    assert left == {"members": "ab", "non_members": "cd", "training": "xyzz"}
    assert removed == {"non_members_also_training": 1, "unmatched_members": 1}


def test_a_record_in_question_is_no_auxiliary_and_no_further_training_record() -> None:
    left, removed = kept("abx", "cd", training="bq", auxiliary="aeec")
    assert (left["training"], left["auxiliary"]) == ("bq", "e")
    assert left["members"] == "ax"
    assert removed["auxiliary_also_candidates"] == 2


def test_training_data_that_repeat_the_members_are_no_copies_of_them() -> None:
    left, removed = kept("abcxx", "defyy", training="abcxxpq")
    assert left == {"members": "abcx", "non_members": "defy", "training": "pq"}
    assert removed == {"duplicate_members": 1, "duplicate_non_members": 1, "training_also_candidates": 5}


def test_coins_are_not_second_guessed() -> None:
    found = distinct({"members": digests("abcc"), "non_members": digests("de"), "training": digests("dz")}, None)
    assert [int(found.kept[name].sum()) for name in ("members", "non_members")] == [3, 2]
    assert found.removed == {"duplicate_members": 1, "training_also_candidates": 1}


def population(seed: int, size: int = 1_500) -> NDArray[np.intp]:
    """Values of which a few are common and many are rare: a table with coarse columns."""
    return np.minimum(np.random.default_rng(seed).zipf(1.3, size), 400).astype(np.intp)


def split(values: NDArray[np.intp], share: float, seed: int) -> dict[str, Digests]:
    chosen = np.random.default_rng(seed).random(len(values)) < share
    written = np.array([str(v).encode() for v in values], dtype=object)
    return {"members": written[chosen], "non_members": written[~chosen]}


def commonness(sides: dict[str, Digests], masks: dict[str, NDArray[np.bool_]], values: NDArray[np.intp]) -> tuple[float, float]:
    """Of the kept members and the kept non-members, the share that the population holds more than once."""
    count = pd.Series([str(v).encode() for v in values]).value_counts()
    members, others = (float(np.mean([count[d] > 1 for d in sides[name][masks[name]]])) for name in ("members", "non_members"))
    return members, others


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_under_a_random_split_copies_tell_nothing_of_the_side(share: float) -> None:
    """Leaving crossing records off the non-members alone would: the same splits show it."""
    gaps, one_sided = [], []
    for seed in range(30):
        values = population(seed)
        sides = split(values, share, seed)
        members, others = commonness(sides, distinct(sides, seed).kept, values)
        gaps.append(members - others)
        first = {name: ~pd.Series(one).duplicated().to_numpy() for name, one in sides.items()}
        first["non_members"] &= ~np.isin(sides["non_members"].astype(str), sides["members"].astype(str))
        members, others = commonness(sides, first, values)
        one_sided.append(members - others)
    error = float(np.std(gaps) / np.sqrt(len(gaps)))
    assert abs(np.mean(gaps)) < 3 * error + 0.01
    assert np.mean(one_sided) > 0.2


def test_neither_the_order_of_rows_nor_the_names_of_the_sides_matter() -> None:
    sides = split(population(1), 0.5, 1)
    shuffled = {name: one[np.random.default_rng(2).permutation(len(one))] for name, one in sides.items()}
    assert _records(sides, distinct(sides, 3)) == _records(shuffled, distinct(shuffled, 3))
    swapped = {"members": sides["non_members"], "non_members": sides["members"]}
    sizes = [int(mask.sum()) for mask in distinct(sides, 3).kept.values()]
    assert np.abs(np.subtract(sizes, [int(mask.sum()) for mask in distinct(swapped, 3).kept.values()][::-1])).max() <= 2


def _records(sides: dict[str, Digests], found: Distinct) -> dict[str, set[bytes]]:
    return {name: set(one[found.kept[name]]) for name, one in sides.items()}


def test_non_members_that_hold_all_members_are_refused_with_what_to_change() -> None:
    members = people(120, 1)
    with pytest.raises(InvalidInput, match="120 stand on both sides; take what was trained on out of non_members"):
        ready(members, pd.concat([people(130, 2), members], ignore_index=True))
