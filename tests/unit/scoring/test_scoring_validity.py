import json

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Records
from auditor.errors import Cancelled
from auditor.scoring.validity import Blind, blind_baseline, blind_test, subsample

N = 800


def people(seed: int = 0, n: int = N) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(17, 90, n).astype(float),
            "hours": np.where(rng.random(n) < 0.1, np.nan, rng.normal(40, 10, n)),
            "work": rng.choice(["private", "public", "none"], n).astype(object),
        }
    )
    return frame, rng.integers(0, 2, n), rng.random(n) < 0.5


def ignore(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


def looked_at(frame: pd.DataFrame, labels: np.ndarray, is_member: np.ndarray, seed: int = 1) -> Blind:
    return blind_baseline(frame, labels, is_member, seed, ignore)


def test_a_random_split_passes() -> None:
    found = looked_at(*people())

    assert not found.fired
    assert found.control.passed is True
    assert "do not tell members from non-members" in found.control.sentence


def test_a_difference_fires_and_is_named() -> None:
    frame, labels, is_member = people()
    frame["hours"] += 12.0 * is_member

    found = looked_at(frame, labels, is_member)

    assert found.fired
    assert found.control.passed is False
    assert "most in hours" in found.control.sentence
    assert "one random split" in found.control.sentence
    assert found.control.estimates[0].value is not None
    assert found.control.estimates[0].value > 0.7


def test_a_difference_that_only_the_label_shows_fires() -> None:
    frame, labels, is_member = people()
    labels = np.where(np.arange(N) % 3 == 0, is_member, labels).astype(int)

    assert looked_at(frame, labels, is_member).fired


def test_the_estimates_are_an_auc_and_a_tpr_or_its_reason() -> None:
    frame, labels, is_member = people()
    larger = people(n=1_400)

    few, many = looked_at(frame, labels, is_member), looked_at(*larger)

    assert [e.name for e in few.control.estimates] == ["auc", "tpr@fpr=0.01"]
    assert few.control.estimates[1].reason is not None
    assert many.control.estimates[1].value == pytest.approx(0.01, abs=0.03)
    assert many.control.estimates[0].n == 1_400


def test_scores_are_ranks_for_the_rows_that_were_looked_at() -> None:
    frame, labels, is_member = people()
    frame["hours"] += 12.0 * is_member

    found = looked_at(frame, labels, is_member)

    assert found.rows.tolist() == list(range(N))
    assert found.scores.shape == (N,)
    assert found.scores.min() > 0.0
    assert found.scores.max() < 1.0
    assert found.scores[is_member].mean() > found.scores[~is_member].mean() + 0.2


def test_the_result_depends_on_the_seed_alone() -> None:
    frame, labels, is_member = people()

    one, again, other = (
        looked_at(frame, labels, is_member),
        looked_at(frame, labels, is_member),
        looked_at(frame, labels, is_member, seed=2),
    )

    assert one.control == again.control
    assert (one.scores == again.scores).all()
    assert (one.scores != other.scores).any()


def test_a_large_audit_is_subsampled_in_the_share_of_its_sides() -> None:
    is_member = np.arange(20_000) % 4 == 0

    rows = subsample(is_member, 3)

    assert len(rows) == 4_000
    assert is_member[rows].sum() == 1_000
    assert (np.diff(rows) > 0).all()
    assert rows.max() > 19_000


def test_a_small_audit_is_looked_at_whole() -> None:
    assert subsample(np.arange(300) % 2 == 0, 3).tolist() == list(range(300))


def test_chosen_rows_alone_are_looked_at() -> None:
    frame, labels, is_member = people()
    rows = np.arange(0, N, 2)
    frame.loc[1::2, "hours"] += 1_000.0 * is_member[1::2]

    found = blind_test(Records(frame, labels), is_member, rows, 1, ignore)

    assert not found.fired
    assert len(found.scores) == len(rows)


def test_too_few_records_are_not_tested_and_it_is_said() -> None:
    frame, labels, _ = people()
    is_member = np.arange(N) < 49

    found = looked_at(frame, labels, is_member)

    assert found.control.passed is None
    assert not found.fired
    assert "needs at least 50 members and 50 non-members; 49 and 751 are left" in found.control.sentence
    assert found.control.estimates[0].value is None


def test_progress_rises_to_the_end() -> None:
    seen: list[float] = []

    blind_baseline(*people(), 1, seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) == 15


def test_it_stops_when_asked_to() -> None:
    def cancel(fraction: float) -> None:
        raise Cancelled("The audit was cancelled.")

    with pytest.raises(Cancelled):
        blind_baseline(*people(), 1, cancel)


def test_the_records_are_left_as_they_were() -> None:
    frame, labels, is_member = people()
    before = frame.copy(deep=True)

    looked_at(frame, labels, is_member)

    pd.testing.assert_frame_equal(frame, before)


def test_the_control_is_plain_json() -> None:
    document = json.dumps(looked_at(*people()).control.as_json(), allow_nan=False)

    assert json.loads(document)["passed"] is True


def test_columns_of_any_kind_and_missing_cells_are_no_obstacle() -> None:
    frame, labels, is_member = people()
    frame["empty"] = np.nan
    frame["flag"] = pd.Series(np.random.default_rng(3).choice([True, False, None], N), dtype=object)
    frame["id"] = pd.Series([f"person {i}" for i in range(N)], dtype=object)

    assert looked_at(frame, labels, is_member).control.passed is True
