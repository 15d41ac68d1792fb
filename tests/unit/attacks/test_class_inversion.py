"""Class inversion against models whose ideal records are known."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from auditor.attacks.inversion.class_inversion import ClassInversion
from auditor.attacks.inversion.class_inversion_known import prototypes
from auditor.domain.attack import Context, Query
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.target import Output, Profile
from auditor.errors import BudgetExhausted, InvalidInput

NUMBERS = tuple(Column(f"x{i}", ColumnType.NUMBER) for i in range(4))
CLASSES = ("a", "b", "c")


def people(columns: tuple[Column, ...] = NUMBERS, n: int = 200) -> Records:
    rng = np.random.default_rng(0)
    return Records(pd.DataFrame({c.name: rng.random(n) for c in columns}), rng.integers(len(CLASSES), size=n))


def context(query: Query, auxiliary: Records, columns: tuple[Column, ...] = NUMBERS, **more: object) -> Context:
    settings = {"profile": Profile(Output.PROBABILITIES, CLASSES), "query_limit": 9_000} | more
    return Context(seed=1, columns=columns, query=query, checkpoint=lambda fraction: None, auxiliary=auxiliary, **settings)


def linear(weights: NDArray[np.float64]) -> Query:
    return lambda frame: np.asarray(softmax(frame.to_numpy(dtype=np.float64) @ weights, axis=1))


def surest(found: Reconstructions, label: int) -> pd.Series:
    rows = np.flatnonzero(found.labels == label)
    return found.records.iloc[rows[found.scores[rows].argmax()]]


@pytest.mark.parametrize("search", ["auto", "cma", "coordinate"])
def test_prototypes_are_recovered_to_a_thousandth(search: str) -> None:
    known = prototypes(people(), NUMBERS, len(CLASSES), 3)
    found = ClassInversion(queries=3_000, search=search, prior=0.0).run(context(known.answers, people()))
    for label in range(3):
        np.testing.assert_allclose(surest(found, label), known.records.iloc[label], atol=1e-3)


def test_natural_evolution_comes_near() -> None:
    known = prototypes(people(), NUMBERS, len(CLASSES), 3)
    found = ClassInversion(queries=3_000, search="nes", prior=0.0).run(context(known.answers, people()))
    for label in range(3):
        np.testing.assert_allclose(surest(found, label), known.records.iloc[label], atol=0.05)


@pytest.mark.parametrize("knowledge", ["population", "ranges"])
def test_a_linear_rule_leads_to_its_corners(knowledge: str) -> None:
    weights = np.array([[3.0, -3.0], [-2.0, 2.0], [4.0, -4.0], [-5.0, 5.0]])
    bounds = {c.name: (-1.0, 2.0) for c in NUMBERS}
    given = context(linear(weights), people(), profile=Profile(Output.PROBABILITIES, ("a", "b")), bounds=bounds)
    found = ClassInversion(queries=3_000, knowledge=knowledge, prior=0.0).run(given)
    # At the corner log-odds of 49.5 are cut off at the smallest probability the answers can tell from 0, so sides suffice.
    signs = np.sign(surest(found, 0).to_numpy() - 0.5)
    assert signs.tolist() == [1.0, -1.0, 1.0, -1.0]
    assert (found.records.to_numpy() >= -1.0).all()
    assert (found.records.to_numpy() <= 2.0).all()


def test_the_search_is_chosen_by_the_answers() -> None:
    def tree(frame: pd.DataFrame) -> NDArray[np.float64]:
        high = frame["x0"].to_numpy() > 0.6
        return np.where(high[:, None], [0.8, 0.1, 0.1], [0.1, 0.45, 0.45])

    found = ClassInversion(queries=400).run(context(tree, people()))
    assert "coordinate search" in found.notes[0]
    assert surest(found, 0)["x0"] > 0.6
    smooth = ClassInversion(queries=400).run(context(linear(np.eye(4, 3)), people()))
    assert "CMA-ES" in smooth.notes[0]


def test_labels_alone_lead_into_the_class() -> None:
    def labels(frame: pd.DataFrame) -> NDArray[np.float64]:
        near = ((frame.to_numpy()[:, None] - np.array([[0.3] * 4, [0.7] * 4, [0.3, 0.7] * 2])) ** 2).sum(axis=2)
        return np.eye(3)[near.argmin(axis=1)]

    given = context(labels, people(), profile=Profile(Output.LABELS, CLASSES))
    found = ClassInversion(queries=2_000).run(given)
    assert "labels alone" in found.notes[0]
    assert labels(found.records).argmax(axis=1).tolist() == found.labels.tolist()
    assert (found.scores > 0).all()


def test_records_are_always_possible_ones() -> None:
    columns = (*NUMBERS[:1], Column("years", ColumnType.INTEGER), Column("job", ColumnType.CATEGORY))
    columns += tuple(Column(f"town_{t}", ColumnType.INTEGER) for t in "xyz")
    rng = np.random.default_rng(1)
    towns = np.eye(3, dtype=int)[rng.integers(3, size=150)]
    frame = pd.DataFrame({"x0": rng.random(150), "years": rng.integers(0, 40, 150)})
    frame["job"] = pd.Series(rng.choice(["clerk", "nurse"], 150), dtype=object)
    frame[[f"town_{t}" for t in "xyz"]] = towns
    asked: list[pd.DataFrame] = []

    def query(records: pd.DataFrame) -> NDArray[np.float64]:
        asked.append(records)
        nurse = (records["job"] == "nurse").to_numpy(dtype=float) + records["town_y"].to_numpy() + records["years"].to_numpy() / 40
        return np.asarray(softmax(np.stack([nurse, -nurse, 0 * nurse], axis=1), axis=1))

    given = context(query, Records(frame, np.zeros(150, np.intp)), columns, bounds={"years": (0.0, 40.0)})
    found = ClassInversion(queries=1_000, prior=0.0).run(given)
    everything = pd.concat(asked)
    assert (everything[["town_x", "town_y", "town_z"]].sum(axis=1) == 1).all()
    assert everything["years"].between(0, 40).all()
    assert everything["years"].dtype.kind == "i"
    assert set(everything["job"]) <= {"clerk", "nurse"}
    best = surest(found, 0)
    assert (best["years"], best["job"], best["town_y"]) == (40, "nurse", 1)


def test_it_stays_within_its_queries() -> None:
    asked = 0

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        nonlocal asked
        asked += len(frame)
        return linear(np.eye(4, 3))(frame)

    for search in ("cma", "nes", "coordinate"):
        asked = 0
        ClassInversion(search=search).run(context(query, people(), query_limit=900))
        assert 600 <= asked <= 900


def test_too_few_queries_and_no_records_are_refused_in_a_sentence() -> None:
    with pytest.raises(BudgetExhausted, match="at least 200 queries a class"):
        ClassInversion().run(context(linear(np.eye(4, 3)), people(), query_limit=300))
    with pytest.raises(InvalidInput, match="needs auxiliary records"):
        ClassInversion().run(context(linear(np.eye(4, 3)), people(n=0)))
    with pytest.raises(InvalidInput, match="no classes to invert"):
        ClassInversion().run(context(linear(np.eye(4, 3)), people(), profile=Profile(Output.VALUE, ())))


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"queries": 10}, "from 200 to"),
        ({"restarts": True}, "whole number from 1 to 20"),
        ({"search": "sgd"}, "choose search among"),
        ({"knowledge": "all"}, "choose knowledge among"),
        ({"prior": -1.0}, "from 0 to 100"),
    ],
)
def test_parameters_have_bounds(params: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        ClassInversion(**params)


def test_a_prior_keeps_the_search_among_records_that_exist() -> None:
    """Two numbers that always move together: without a prior the margin pulls them apart."""
    rng = np.random.default_rng(2)
    level = rng.normal(0.5, 0.1, 300)
    frame = pd.DataFrame({"x0": level + rng.normal(0, 0.01, 300), "x1": level + rng.normal(0, 0.01, 300)})
    weights = np.array([[4.0, -4.0], [-2.0, 2.0]])
    profile = Profile(Output.PROBABILITIES, ("a", "b"))
    given = context(linear(weights), Records(frame, np.zeros(300, np.intp)), NUMBERS[:2], profile=profile)
    free, held = (surest(ClassInversion(queries=800, prior=p).run(given), 0) for p in (0.0, 5.0))
    assert abs(held["x0"] - held["x1"]) < 0.1 < abs(free["x0"] - free["x1"])
