"""Copies stay what records of the kind can be; the share of right ones is what it says; budgets are kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaussian_world import auc, free

from auditor.attacks.membership.domain import Choice, Scale, domains
from auditor.attacks.membership.noise import Noise
from auditor.attacks.membership.perturbation import perturbed
from auditor.attacks.membership.subsample import scored_on, subsample
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, BudgetExhausted, InvalidInput

COLUMNS = (
    Column("height", ColumnType.NUMBER),
    Column("age", ColumnType.INTEGER),
    Column("flag", ColumnType.INTEGER),
    Column("town", ColumnType.CATEGORY),
    Column("owner", ColumnType.BOOLEAN),
    Column("same", ColumnType.STRING),
)
PROFILE = Profile(Output.LABELS, ("no", "yes"))


def people(n: int = 400, seed: int = 0) -> Records:
    rng = np.random.default_rng(seed)
    height = rng.normal(170, 10, n)
    height[rng.random(n) < 0.1] = np.nan
    town = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]).astype(object)
    town[rng.random(n) < 0.1] = None
    frame = {
        "height": height,
        "age": rng.integers(18, 90, n),
        "flag": rng.integers(0, 2, n),
        "town": pd.Series(town, dtype=object),
        "owner": pd.Series((rng.random(n) < 0.5).astype(object), dtype=object),
        "same": pd.Series(["x"] * n, dtype=object),
    }
    return Records(pd.DataFrame(frame), rng.integers(0, 2, n).astype(np.intp))


def asked_by(right: Callable[[pd.DataFrame], np.ndarray], records: Records, limit: int = 0) -> tuple[Context, list[pd.DataFrame]]:
    """A target that is right about the rows of which `right` is true; every frame that was asked."""
    frames: list[pd.DataFrame] = []
    labels = records.labels

    def query(frame: pd.DataFrame) -> np.ndarray:
        frames.append(frame)
        true = labels[frame["number"].to_numpy(dtype=np.intp)] if "number" in frame else np.zeros(len(frame), dtype=np.intp)
        return np.eye(2)[np.where(right(frame), true, 1 - true)]

    return Context(0, PROFILE, COLUMNS, query, free, records, query_limit=limit), frames


def numbered(n: int = 400) -> Records:
    """People whose number stands in a column that nothing changes (it is not among the columns)."""
    records = people(n)
    return Records(records.features.assign(number=np.arange(n)), records.labels)


def test_domains_are_what_the_records_show() -> None:
    found = {domain.name: domain for domain in domains(people().features, COLUMNS)}
    assert set(found) == {"height", "age", "flag", "town", "owner"}  # a column that never changes has none
    height, age = found["height"], found["age"]
    assert isinstance(height, Scale)
    assert isinstance(age, Scale)
    assert height.deviation == pytest.approx(10, abs=1)
    assert (age.low, age.high, age.is_whole, height.is_whole) == (18, 89, True, False)
    assert isinstance(found["flag"], Choice)
    assert isinstance(found["town"], Choice)
    assert found["town"].values == ("a", "b", "c")
    assert found["town"].shares.sum() == pytest.approx(1)


def test_domains_do_not_depend_on_the_order_of_the_records() -> None:
    records = people()
    turned = domains(records.features.iloc[::-1], COLUMNS)
    for one, other in zip(domains(records.features, COLUMNS), turned, strict=True):
        if isinstance(one, Scale):
            assert one == other
        else:
            assert isinstance(other, Choice)
            assert (one.values, one.shares.tolist()) == (other.values, other.shares.tolist())


def test_copies_are_records_of_the_kind() -> None:
    features = people(2_000).features
    copies = perturbed(features, domains(features, COLUMNS), 0.5, np.random.default_rng(0))
    assert (copies["age"] == copies["age"].round()).all()
    assert copies["age"].dtype == features["age"].dtype
    assert copies["age"].between(features["age"].min(), features["age"].max()).all()
    assert copies["height"].max() <= features["height"].max()
    for name in features:
        assert (copies[name].isna() == features[name].isna()).all(), name
    assert set(copies["town"].dropna()) == {"a", "b", "c"}
    assert set(copies["owner"]) == {True, False}
    assert set(copies["flag"]) == {0, 1}
    assert (copies["same"] == "x").all()


def test_the_scale_is_in_deviations_and_a_fifth_of_it_the_chance_of_a_change() -> None:
    features = people(20_000).features
    copies = perturbed(features, domains(features, COLUMNS), 0.5, np.random.default_rng(0))
    moved = (copies["height"] - features["height"]).dropna()
    assert moved.std() == pytest.approx(5, rel=0.05)
    for name in ("flag", "owner"):  # one of two becomes the other
        assert (copies[name] != features[name]).mean() == pytest.approx(0.1, abs=0.01)
    town = features["town"].notna()
    stays = 0.6**2 + 0.3**2 + 0.1**2  # one of three is drawn by frequency, so it may stay
    assert (copies["town"] != features["town"])[town].mean() == pytest.approx(0.1 * (1 - stays), abs=0.01)


def test_the_score_counts_the_copies_that_are_still_right() -> None:
    """The target is right about the copies of even records only."""
    records = numbered()
    context, _ = asked_by(lambda f: (f["number"] % 2 == 0).to_numpy(), records)
    evidence = Noise(score="share").run(context)
    np.testing.assert_array_equal(evidence.target, evidence.rows % 2 == 0)


def test_every_scale_weighs_the_same() -> None:
    """Right about small moves only: 2 of 3 copies are small, but half of the scales."""
    records = numbered()
    heights = records.features["height"].to_numpy()

    def near(frame: pd.DataFrame) -> np.ndarray:
        return np.abs(frame["height"].to_numpy() - heights[frame["number"].to_numpy()]) < 1e-3

    context, _ = asked_by(near, records)
    scores = Noise(copies=3, scales=(1e-6, 5.0), score="share").run(context)
    tall = ~np.isnan(heights[scores.rows])
    np.testing.assert_allclose(scores.target[tall], 0.5)


def test_learned_by_heart_comes_first_then_right_then_wrong() -> None:
    """Thirds: right about itself alone; right about it and its copies; wrong."""
    records = numbered(300)
    kind = np.arange(300) % 3

    def right(frame: pd.DataFrame) -> np.ndarray:
        kinds = kind[frame["number"].to_numpy()]
        return ((kinds == 0) & (frame.index < 300)) | (kinds == 1)

    evidence = Noise().run(asked_by(right, records)[0])
    heart, learned, wrong = (evidence.target[kind[evidence.rows] == k] for k in range(3))
    assert heart.min() > learned.max()
    assert learned.min() > wrong.max()


def test_copies_have_row_indices_that_no_candidate_has() -> None:
    context, frames = asked_by(lambda f: np.ones(len(f), dtype=bool), numbered())
    Noise(copies=4, score="share").run(context)
    indices = np.concatenate([frame.index for frame in frames])
    assert indices.min() >= 400
    assert len(set(indices)) == len(indices) == 4 * 400


def test_it_asks_no_more_than_the_limit_allows() -> None:
    context, frames = asked_by(lambda f: np.ones(len(f), dtype=bool), numbered(), limit=1_700)
    evidence = Noise(score="share").run(context)
    assert len(evidence.rows) == 1_700 // 16
    assert sum(map(len, frames)) <= 1_700
    with pytest.raises(BudgetExhausted, match="at least 16 queries"):
        Noise().run(replace(context, query_limit=15))


def test_what_it_needs_follows_from_its_parameters() -> None:
    scope = Scope(PROFILE, 10_000, 0, 0, 100_000)
    assert Noise().needs(scope) == Needs(1_600, 32_000)
    assert Noise(copies=4, records=100).needs(replace(scope, candidates=60)) == Needs(240, 240)


def test_fewer_records_of_the_same_seed_are_the_first_of_more() -> None:
    records = people()
    np.testing.assert_array_equal(subsample(records, 50, 3), subsample(records, 200, 3)[:50])
    assert set(subsample(records, 1_000, 3)) == set(range(400))
    assert set(subsample(records, 50, 3)) != set(subsample(records, 50, 4))


def test_the_same_records_are_drawn_whatever_their_order() -> None:
    records = people()
    order = np.random.default_rng(1).permutation(400)
    np.testing.assert_array_equal(order[subsample(records.take(order), 50, 3)], subsample(records, 50, 3))


def test_evidence_is_in_the_order_of_the_candidates() -> None:
    evidence = scored_on(np.array([5, 2, 9]), np.array([0.5, 0.2, 0.9]))
    assert evidence.rows.tolist() == [2, 5, 9]
    assert evidence.target.tolist() == [0.2, 0.5, 0.9]
    assert evidence.pseudo_targets.shape == evidence.membership.shape == (0, 3)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"copies": 1}, "copies"),
        ({"copies": True}, "copies"),
        ({"scales": ()}, "scales"),
        ({"scales": (0.1, -1.0)}, "scales"),
        ({"scales": 0.5}, "scales"),
        ({"records": 10}, "records"),
        ({"score": "both"}, "score"),
    ],
)
def test_bad_parameters_are_named(params: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Noise(**params)  # type: ignore[arg-type]
    assert caught.value.field == f"attacks.noise.{field}"


def test_scales_may_come_as_a_list() -> None:
    assert Noise(scales=[0.1, 1]) == Noise(scales=(0.1, 1.0))  # type: ignore[arg-type]


def test_it_needs_labels_that_are_known() -> None:
    records = people()
    unknown = Records(records.features, np.full(400, -1, dtype=np.intp))
    with pytest.raises(AttackFailed, match="noise needs the true label"):
        Noise().run(asked_by(lambda f: np.ones(len(f), dtype=bool), unknown)[0])


def test_a_model_that_knows_by_heart_is_found() -> None:
    """Right about members alone, and about copies as often as about anybody: chance."""
    records = numbered(1_000)
    is_member = np.random.default_rng(2).permutation(1_000) < 500

    def right(frame: pd.DataFrame) -> np.ndarray:
        chance = np.random.default_rng(len(frame)).random(len(frame)) < 0.5
        return np.where(frame.index < 1_000, is_member[frame["number"].to_numpy()] | chance, chance)

    evidence = Noise().run(asked_by(right, records)[0])
    assert auc(evidence.target, is_member[evidence.rows]) > 0.7
