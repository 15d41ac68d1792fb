"""Targets whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, World, people

from auditor.attacks.stealing.twin import known_target, noise_target


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_known_target_answers_probabilities_of_every_class(classes: int) -> None:
    query = known_target(World().data.auxiliary, COLUMNS, classes, seed=1)
    answers = query(people(300, 3).features)
    assert answers.shape == (300, classes)
    assert answers.sum(axis=1) == pytest.approx(np.ones(300))
    assert (np.bincount(answers.argmax(axis=1), minlength=classes) > 15).all()


def test_its_rule_is_unrelated_to_the_labels() -> None:
    """Over many rules, agreement with the natural labels is a coin's."""
    world = World()
    fresh = people(500, 3)
    agreement = [
        (known_target(world.data.auxiliary, COLUMNS, 2, seed=s)(fresh.features).argmax(axis=1) == fresh.labels).mean()
        for s in range(40)
    ]
    assert abs(np.mean(agreement) - 0.5) < 4 * np.std(agreement) / np.sqrt(40) + 0.01


def test_the_same_record_gets_the_same_answer_in_any_company() -> None:
    world = World()
    features = people(50, 3).features
    for query in (known_target(world.data.auxiliary, COLUMNS, 2, seed=1), noise_target(2, seed=1)):
        assert np.array_equal(query(features)[7:9], query(features.iloc[7:9]))


def test_unseen_and_missing_cells_are_answered() -> None:
    query = known_target(World().data.auxiliary, COLUMNS, 2, seed=1)
    odd = pd.DataFrame(
        {"age": [999], "height": [0.0], "dose": [np.nan], "job": ["astronaut"], "retired": [None], "illness": [None]}
    )
    assert np.isfinite(query(odd)).all()


def test_a_column_without_numbers_does_not_matter() -> None:
    auxiliary = World().data.auxiliary
    auxiliary.features["dose"] = np.nan
    assert np.isfinite(known_target(auxiliary, COLUMNS, 2, seed=1)(people(20, 3).features)).all()


def test_another_seed_is_another_rule() -> None:
    auxiliary, features = World().data.auxiliary, people(100, 3).features
    first, second = (known_target(auxiliary, COLUMNS, 2, seed=s)(features) for s in (1, 2))
    assert not np.allclose(first, second)


def test_noise_has_even_classes_and_full_probabilities() -> None:
    answers = noise_target(4, seed=1)(people(4_000, 3).features)
    assert answers.sum(axis=1) == pytest.approx(np.ones(4_000))
    assert (np.bincount(answers.argmax(axis=1)) > 850).all()


def test_noise_is_unrelated_to_every_column() -> None:
    people_ = people(4_000, 3)
    answers = noise_target(2, seed=1)(people_.features)[:, 0]
    assert abs(np.corrcoef(answers, people_.features["age"])[0, 1]) < 0.06
    assert abs(np.corrcoef(answers, people_.labels)[0, 1]) < 0.06


def test_noise_depends_on_its_seed() -> None:
    features = people(100, 3).features
    assert not np.array_equal(noise_target(2, seed=1)(features), noise_target(2, seed=2)(features))


def test_noise_does_not_see_the_type_of_a_number() -> None:
    features = people(50, 3).features
    floats = features.assign(age=features["age"].astype(float))
    assert np.array_equal(noise_target(2, seed=1)(features), noise_target(2, seed=1)(floats))
