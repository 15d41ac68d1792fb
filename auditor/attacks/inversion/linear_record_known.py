"""Small logistic regressions whose training records are known: what linear-record has to find, and what it must not."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from auditor.attacks.inversion.linear_record import LinearRecord
from auditor.attacks.inversion.linear_record_columns import inputs_of
from auditor.domain.attack import Context, Training
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layer, Layers
from auditor.domain.seeds import generator
from auditor.domain.target import Output, Profile

Floats = NDArray[np.float64]
COLUMNS = (
    Column("wage", ColumnType.NUMBER),
    Column("age", ColumnType.INTEGER),
    Column("owner", ColumnType.BOOLEAN),
    Column("job", ColumnType.CATEGORY),
)
CLASSES = ("first", "second")
JOBS = ("clerk", "farmer", "nurse")
FEATURES = ("wage", "age", "owner", *(f"job_{job}" for job in JOBS))
PEOPLE, TRIED = 120, 10
PENALTY = 0.5


def people(n: int, rng: np.random.Generator) -> Records:
    wage, age = rng.normal(0.0, 1.0, n), rng.integers(-9, 10, n)
    frame = {"wage": wage, "age": age, "owner": _cells(rng.random(n) < 0.5), "job": _cells(rng.choice(JOBS, n))}
    labels = wage + 0.1 * age + rng.normal(0.0, 1.0, n) > 0.0
    return Records(pd.DataFrame(frame), labels.astype(np.intp))


def _cells(values: NDArray[np.bool_] | NDArray[np.str_]) -> pd.Series:
    return pd.Series(values.astype(object), dtype=object)


def fitted(records: Records, columns: tuple[Column, ...], features: tuple[str, ...], penalty: float) -> Layers:
    """Logistic regression by Newton's steps, to the last digit."""
    empty = Layers((Layer(np.zeros((1, len(features))), np.zeros(1)),), "identity", "sigmoid", features, penalty=penalty)
    matrix = inputs_of(empty, columns).matrix(records.features)
    inputs = np.column_stack([matrix, np.ones(len(matrix))])
    ridge = np.diag([penalty] * len(features) + [0.0])
    weight = np.zeros(len(features) + 1)
    for _ in range(50):
        p = expit(inputs @ weight)
        slope = inputs.T @ (p - records.labels) + ridge @ weight
        step = np.linalg.solve((inputs.T * (p * (1 - p))) @ inputs + ridge, slope)
        weight -= step
        if np.abs(step).max() < 1e-14 * max(1.0, np.abs(weight).max()):
            break
    return replace(empty, layers=(Layer(weight[None, :-1], weight[-1:]),))


def found_of(attack: LinearRecord, seed: int) -> tuple[Reconstructions, Records]:
    """Claims about all people that a model was fitted to, and the people."""
    everybody = people(PEOPLE, generator(seed, "linear-record"))
    model = fitted(everybody, COLUMNS, FEATURES, PENALTY)
    return _asked(attack, model, Training(everybody, np.arange(PEOPLE)), seed), everybody


def found_of_strangers(attack: LinearRecord, seed: int) -> float:
    """The share of people whom the attack claims to rebuild from a model that was fitted without them, to all others."""
    rng = generator(seed, "linear-record")
    everybody, strangers = people(PEOPLE, rng), people(TRIED, rng)
    model = fitted(everybody, COLUMNS, FEATURES, PENALTY)
    shares = []
    for place in range(TRIED):
        one = strangers.take(np.array([place]))
        frame = pd.concat([everybody.features, one.features], ignore_index=True)
        both = Records(frame, np.concatenate([everybody.labels, one.labels]))
        rows = np.append(np.full(PEOPLE, -1), 0)
        shares.append(_asked(attack, model, Training(both, rows), seed).figures["solved_share"])
    return float(np.mean(shares))


def _asked(attack: LinearRecord, model: Layers, training: Training, seed: int) -> Reconstructions:
    """With the penalty known and an optimum that is exact, whatever was set for the real target."""
    known = replace(attack, records=max(10, PEOPLE), tolerance=0.0, penalty=None)
    profile = Profile(Output.PROBABILITIES, CLASSES)
    return known.run(Context(seed, profile, COLUMNS, _never, _unwatched, parameters=model, training=training))


def rebuilt_share(found: Reconstructions, everybody: Records) -> float:
    """The share of people whose every cell is right, numbers to a millionth."""
    assert found.rows is not None  # noqa: S101 - claims about single records
    truth = everybody.features.iloc[found.rows].reset_index(drop=True)
    right = np.abs(found.records["wage"].to_numpy() - truth["wage"].to_numpy()) < 1e-6
    for name in ("age", "owner", "job"):
        right &= found.records[name].to_numpy() == truth[name].to_numpy()
    return float(right.mean())


def _never(frame: pd.DataFrame) -> Floats:
    raise AssertionError


def _unwatched(fraction: float) -> None:
    """Nobody waits for this."""
