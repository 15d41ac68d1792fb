"""What the population alone says of an attribute."""

from dataclasses import replace

import numpy as np
import pytest
from inversion_world import COLUMNS, ILLNESS, PROFILE, World, people

from auditor.attacks.inversion.imputation import FLOOR, Imputation, fit_imputer
from auditor.domain.attack import Scope
from auditor.domain.data import Column, ColumnType, Records, Sensitive
from auditor.domain.threat import Sees
from auditor.errors import AttackFailed, Cancelled, InvalidInput


def forbidden(frame: object) -> np.ndarray:
    raise AttackFailed("the baseline asked the model")


def test_an_attribute_that_follows_from_the_others_is_imputed() -> None:
    world = World(illness="function")
    guesses = Imputation().run(world.context(forbidden))
    assert (guesses.scores.argmax(axis=1) == world.values).mean() > 0.98


def test_an_independent_attribute_is_not() -> None:
    world = World()
    guesses = Imputation().run(world.context(forbidden))
    assert (guesses.scores.argmax(axis=1) == world.values).mean() < 0.6


def test_scores_are_log_probabilities_for_the_attacked_rows() -> None:
    guesses = Imputation(records=70).run(World().context(forbidden))
    assert guesses.rows.tolist() == list(range(70))
    assert guesses.scores.shape == (70, 3)
    assert np.exp(guesses.scores).sum(axis=1) == pytest.approx(np.ones(70), abs=1e-4)


def test_the_label_is_used() -> None:
    """An attribute that is the label in disguise is imputed from the label alone."""
    records = people(300, 1)
    told = records.features.assign(illness=np.where(records.labels == 1, "gout", "none").astype(object))
    imputer = fit_imputer(Records(told, records.labels), ILLNESS, COLUMNS, seed=1)
    fresh = people(100, 2)
    expected = np.where(fresh.labels == 1, 1, 2)
    assert (imputer.log_probabilities(fresh).argmax(axis=1) == expected).mean() > 0.98


def test_the_attribute_itself_is_never_read() -> None:
    records, fresh = people(200, 1), people(50, 2)
    imputer = fit_imputer(records, ILLNESS, COLUMNS, seed=1)
    flipped = Records(fresh.features.assign(illness=None), fresh.labels)
    assert np.array_equal(imputer.log_probabilities(fresh), imputer.log_probabilities(flipped))


def test_records_with_an_unknown_value_teach_nothing() -> None:
    records = people(200, 1)
    odd = Sensitive("illness", ("illness",), (("gout",), ("none",)))
    imputer = fit_imputer(records, odd, COLUMNS, seed=1)
    assert imputer.log_probabilities(records).shape == (200, 2)


def test_a_value_nobody_has_keeps_a_small_chance() -> None:
    wider = Sensitive("illness", ("illness",), (*ILLNESS.values, ("plague",)))
    scores = fit_imputer(people(200, 1), wider, COLUMNS, seed=1).log_probabilities(people(50, 2))
    assert scores[:, 3] == pytest.approx(np.full(50, np.log(FLOOR)))


def test_a_feature_may_be_called_label() -> None:
    records = people(200, 1)
    renamed = Records(records.features.rename(columns={"job": "label"}), records.labels)
    columns = tuple(Column("label", ColumnType.STRING) if c.name == "job" else c for c in COLUMNS)
    imputer = fit_imputer(renamed, ILLNESS, columns, seed=1)
    assert imputer.label == "label_"
    assert np.isfinite(imputer.log_probabilities(renamed)).all()


def test_several_columns_are_one_value() -> None:
    records = people(300, 1, "function")
    values = tuple((job, illness) for job, illness in zip(("baker", "miner", "nurse"), ("asthma", "gout", "none"), strict=True))
    both = Sensitive("job and illness", ("job", "illness"), values)
    imputer = fit_imputer(records, both, COLUMNS, seed=1)
    assert imputer.log_probabilities(records).shape == (300, 3)
    assert {c.name for c in imputer.model.columns} == {"age", "height", "dose", "retired", "label"}


def test_the_same_seed_gives_the_same_guesses() -> None:
    first, second = (Imputation().run(World().context(forbidden)).scores for _ in range(2))
    assert np.array_equal(first, second)


def test_it_asks_nothing() -> None:
    scope = Scope(PROFILE, 400, 300, 0, 1_000, (ILLNESS,))
    needs = Imputation().needs(scope)
    assert (needs.queries_min, needs.queries_max, needs.shadows) == (0, 0, 0)
    assert Imputation.threat_model.sees is Sees.NOTHING


def test_it_can_be_cancelled() -> None:
    def stop(fraction: float) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        Imputation().run(replace(World().context(forbidden), checkpoint=stop))


@pytest.mark.parametrize("records", [49, 0, -1, 100_001, True, "many", 75.5])
def test_bounds(records: object) -> None:
    with pytest.raises(InvalidInput, match="whole number") as refusal:
        Imputation(records=records)  # type: ignore[arg-type]
    assert refusal.value.field == "attacks.imputation.records"


def test_without_auxiliary_records_it_says_what_to_give() -> None:
    context = replace(World().context(forbidden), auxiliary=None)
    with pytest.raises(InvalidInput, match=r"data\.auxiliary"):
        Imputation().run(context)
