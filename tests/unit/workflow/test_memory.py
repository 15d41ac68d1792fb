"""A batch of shadows that does not fit into memory is refused with numbers, before anything is trained."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auditor.domain.catalog import Dataset
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.spec import AuditSpec, parse
from auditor.errors import InvalidInput
from auditor.learners import LEARNERS, check
from auditor.shadows.trainers import Job, memory
from auditor.workflow.audit_size import refuse_too_large
from auditor.workflow.memory import available, refuse_what_does_not_fit

COLUMNS = (Column("x", ColumnType.NUMBER), Column("s", ColumnType.STRING))


def job(n: int, name: str = "xgboost", shadows: int = 4, **params: object) -> Job:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=n), "s": rng.choice([f"c{i}" for i in range(50)], n).astype(object)})
    pool = Records(frame, np.arange(n) % 2)
    return Job(check(Learner(name, params)), COLUMNS, pool, 2, tuple(range(shadows)), 7, lambda fraction: None)


def test_the_estimate_grows_with_what_costs_memory() -> None:
    plain = memory.needed(job(2_000))
    assert memory.needed(job(4_000)) == pytest.approx(2 * plain, rel=0.05)
    assert memory.needed(job(2_000, shadows=64)) - plain == 60 * 2_000 * 2 * 4
    assert memory.needed(job(2_000, "mlp")) > 1.5 * plain
    forest = [memory.needed(job(2_000, "random-forest", n_estimators=trees)) for trees in (10, 1_000)]
    assert forest[1] > 20 * forest[0]


def test_the_estimate_covers_what_a_matrix_takes() -> None:
    n, columns = 2_000, 2 + 50
    assert memory.needed(job(n)) >= 3 * n * columns * 4


def test_lanes_of_logistic_shadows_count_with_their_classes() -> None:
    """Eight lanes answer for every record and class in 64 bits, before anything else is made of it."""
    n, classes = 2_000, 6
    two = job(n, "logistic-regression")
    six = Job(two.learner, COLUMNS, Records(two.pool.features, np.arange(n) % classes), classes, two.indices, 7, two.checkpoint)
    assert memory.needed(two) > memory.needed(job(n, "mlp"))
    assert memory.needed(six) - memory.needed(two) > 8 * n * 8 * (classes - 2)
    early = job(n, "logistic-regression", max_iter=5)  # left to the plain loop
    assert memory.needed(early) == memory.needed(job(n, "mlp"))


@pytest.mark.parametrize("name", [name for name in LEARNERS if name not in ("linear-regression", "lightgbm")])
def test_every_learner_has_an_estimate(name: str) -> None:
    assert memory.needed(job(200, name)) > 0


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidInput) as caught:
        refuse_what_does_not_fit(job(1_000), 100_000)
    assert caught.value.field == "data"
    assert "1,000 records takes about 0.0 GiB" in caught.value.sentence
    refuse_what_does_not_fit(job(1_000), 2**33)
    refuse_what_does_not_fit(job(1_000), None)


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    limit, used = tmp_path / "memory.max", tmp_path / "memory.current"
    machine = available(limit, used)
    limit.write_text("max\n")
    assert available(limit, used) == pytest.approx(machine, rel=0.5)
    limit.write_text("5000000\n")
    used.write_text("4000000\n")
    assert available(limit, used) == 1_000_000
    (tmp_path / "memory.stat").write_text("anon 3000000\nactive_file 200000\ninactive_file 300000\n")
    assert available(limit, used) == 1_500_000


# Before anything is queued


def dataset(rows: int, name: str = "d") -> Dataset:
    return Dataset(name, "w", name, rows, {"x": "number", "s": "string", "y": "string"}, 1, "0", datetime(2026, 1, 1, tzinfo=UTC))


def spec_of(**changes: object) -> AuditSpec:
    data = {"members": "a", "non_members": "b", "auxiliary": "c", "label": "y"}
    return parse({"spec": 1, "target": {"url": "http://127.0.0.1:1/v2/models/m/infer"}, "data": data} | changes)


def refused(rows: int, free: int, **changes: object) -> str:
    files = {"members": dataset(rows), "non_members": dataset(rows), "auxiliary": dataset(500)}
    with pytest.raises(InvalidInput) as caught:
        refuse_too_large(spec_of(**changes), files, free)
    assert caught.value.field == "data"
    return caught.value.sentence


def test_training_that_cannot_fit_is_refused_with_both_numbers() -> None:
    forest = {"name": "random-forest", "params": {"n_estimators": 1_000}}
    said = refused(1_000_000, 8 * 2**30, learner=forest, shadows=4)
    assert said.startswith("training random-forest on 2,000,000 records takes at least about 279.")
    assert "8.0 GiB are free; give fewer records or columns" in said


def test_attacks_on_many_shadows_are_counted_too() -> None:
    said = refused(1_000_000, 2**30, learner="logistic-regression", shadows=100)
    assert said.startswith("attacking 2,000,000 records with 100 shadow models takes at least about 5.2 GiB")


def test_what_may_fit_is_let_through() -> None:
    files = {"members": dataset(10_000), "non_members": dataset(10_000), "auxiliary": dataset(500)}
    for changes in ({"learner": "auto"}, {"learner": "random-forest", "shadows": 100}, {"attacks": ["surrogate"]}):
        refuse_too_large(spec_of(**changes), files, 2**29)
    refuse_too_large(spec_of(attacks=["surrogate"]), files, 0)  # trains no shadow
    refuse_too_large(spec_of(), files, None)


def test_it_is_never_more_than_what_is_measured_before_training() -> None:
    """The least that sizes tell may not refuse what the pool itself would let through."""
    known = job(2_000, "random-forest", shadows=1)
    least = memory.at_least(known.learner, memory.Size(2_000, 2, 2), 1)
    assert least <= memory.needed(known)
