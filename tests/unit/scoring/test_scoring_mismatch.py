"""Targets that are not what the audit takes them for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from exposure_world import shadow_signals
from scipy.stats import ks_2samp
from scoring_world import sides

from auditor.domain.data import Records
from auditor.domain.finding import Control
from auditor.domain.shadow import ShadowOutputs
from auditor.scoring.mismatch import constant_answers, inverted_answers, ks_distance, random_answers, shadow_match

IS_MEMBER = sides(1_000, 1_000)
SIGNALS = shadow_signals(2_000, 8, 0, 0.0)


def like_a_shadow(seed: int = 5) -> np.ndarray:
    """One more draw from the distribution of the shadows' signals."""
    return np.random.default_rng(seed).permuted(SIGNALS.logits[0])


def test_the_distance_is_kolmogorov_smirnovs() -> None:
    rng = np.random.default_rng(1)
    first, second = np.round(rng.standard_normal(300), 1), np.round(0.4 + rng.standard_normal(200), 1)

    assert ks_distance(first, second) == pytest.approx(ks_2samp(first, second).statistic)


def test_a_target_like_its_shadows_has_no_caveat() -> None:
    match = shadow_match(like_a_shadow(), SIGNALS, IS_MEMBER)

    assert match.caveat is None
    assert match.control.passed is None
    assert "distributed like those of its shadow models" in match.control.sentence


def test_the_distance_is_reported_either_way() -> None:
    for target in (like_a_shadow(), like_a_shadow() + 2.0):
        found = shadow_match(target, SIGNALS, IS_MEMBER).control.estimates[0]
        pooled = SIGNALS.logits[:, ~IS_MEMBER][~SIGNALS.masks[:, ~IS_MEMBER]]
        assert found.name == "ks_distance"
        assert found.value == pytest.approx(ks_2samp(target[~IS_MEMBER], pooled).statistic)


def test_a_target_that_is_surer_than_its_shadows_has_a_caveat() -> None:
    match = shadow_match(like_a_shadow() + 2.0, SIGNALS, IS_MEMBER)

    assert match.caveat is not None
    assert match.caveat.startswith("The shadow models do not answer like the target (KS distance 0.")
    assert "State the learner" in match.caveat
    assert match.control.passed is None


def test_members_play_no_part_in_the_match() -> None:
    target = like_a_shadow()

    assert shadow_match(target + 9.0 * IS_MEMBER, SIGNALS, IS_MEMBER) == shadow_match(target, SIGNALS, IS_MEMBER)


def test_few_records_do_not_raise_the_caveat_by_chance() -> None:
    signals, is_member = shadow_signals(120, 4, 0, 0.0), sides(60, 60)
    rng = np.random.default_rng(2)

    caveats = [shadow_match(rng.permuted(signals.logits[k % 4]), signals, is_member).caveat for k in range(200)]

    assert sum(c is not None for c in caveats) <= 4


def test_shadows_that_differ_among_themselves_excuse_the_target() -> None:
    uneven = replace(SIGNALS, logits=SIGNALS.logits + np.repeat([0.0, 2.0], 4)[:, None])

    assert shadow_match(like_a_shadow() + 1.0, uneven, IS_MEMBER).caveat is None


def test_without_shadows_nothing_is_compared() -> None:
    none = replace(SIGNALS, logits=SIGNALS.logits[:0], masks=SIGNALS.masks[:0])

    match = shadow_match(like_a_shadow(), none, IS_MEMBER)

    assert match.caveat is None
    assert match.control.estimates == ()


RNG = np.random.default_rng(9)
LABELS = RNG.choice(3, 3_000, p=[0.6, 0.3, 0.1])
PEOPLE = Records(pd.DataFrame({"a": np.arange(3_000)}), LABELS)


def answers(knowing: float, labels: np.ndarray = LABELS, seed: int = 1) -> np.ndarray:
    """Probabilities (n, 3) that lean towards the true class by so much."""
    logits = np.log([0.6, 0.3, 0.1]) + np.random.default_rng(seed).standard_normal((len(labels), 3))
    logits[np.arange(len(labels)), labels] += knowing
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def shadows(knowing: float) -> ShadowOutputs:
    masks = np.random.default_rng(3).random((4, 3_000)) < 0.5
    return ShadowOutputs(np.stack([answers(knowing, seed=10 + k) for k in range(4)]), masks)


def is_random(found: Control | None) -> bool:
    return found is not None and found.passed is False


def test_noise_is_found_out() -> None:
    found = random_answers(answers(0.0), PEOPLE, shadows(1.0), True)

    assert is_random(found)
    assert found is not None
    assert found.sentence.startswith("The target's answers have nothing to do with the records:")


def test_noise_that_changes_every_time_is_said_to() -> None:
    found = random_answers(answers(0.0), PEOPLE, None, False)

    assert found is not None
    assert "differ from one time to the next" in found.sentence


@pytest.mark.parametrize("knowing", [0.3, 1.0, 5.0])
def test_a_model_that_knows_something_is_not_random(knowing: float) -> None:
    assert random_answers(answers(knowing), PEOPLE, shadows(1.0), True) is None


def test_a_noisy_model_that_knows_something_is_not_random() -> None:
    assert random_answers(answers(0.3), PEOPLE, shadows(1.0), False) is None


def test_answers_turned_upside_down_are_not_random() -> None:
    assert random_answers(answers(1.0)[:, [2, 0, 1]], PEOPLE, shadows(1.0), True) is None


def test_a_constant_answer_is_not_random() -> None:
    assert random_answers(np.tile([0.6, 0.3, 0.1], (3_000, 1)), PEOPLE, shadows(1.0), True) is None


def test_labels_that_nobody_can_learn_are_not_the_targets_fault() -> None:
    assert random_answers(answers(0.0), PEOPLE, shadows(0.0), True) is None
    assert is_random(random_answers(answers(0.0), PEOPLE, shadows(0.0), False))


def test_a_model_that_is_right_on_its_members_alone_is_not_random() -> None:
    is_member = sides(1_500, 1_500)

    assert random_answers(np.where(is_member[:, None], answers(5.0), answers(0.0)), PEOPLE, shadows(1.0), True) is None


def test_too_few_records_of_a_class_tell_nothing() -> None:
    few = Records(pd.DataFrame({"a": range(200)}), (np.arange(200) < 40).astype(np.intp))

    assert random_answers(np.random.default_rng(1).random((200, 2)), few, None, False) is None


def test_classes_that_were_not_returned_count_as_0() -> None:
    top = answers(1.0)
    top[np.arange(3_000), top.argmin(axis=1)] = np.nan
    noise = answers(0.0)
    noise[np.arange(3_000), noise.argmin(axis=1)] = np.nan

    assert random_answers(top, PEOPLE, shadows(1.0), True) is None
    assert is_random(random_answers(noise, PEOPLE, shadows(1.0), True))


def test_many_classes_do_not_hide_noise() -> None:
    rng = np.random.default_rng(4)
    people = Records(pd.DataFrame({"a": range(20_000)}), rng.integers(0, 40, 20_000))

    found = [is_random(random_answers(rng.random((20_000, 40)), people, None, True)) for _ in range(5)]

    assert all(found)


def test_noise_is_found_out_in_nearly_every_audit() -> None:
    found = [is_random(random_answers(answers(0.0, seed=s), PEOPLE, None, False)) for s in range(100)]

    assert sum(found) >= 93


@pytest.mark.parametrize(("knowing", "random"), [(0.0, True), (0.5, False)])
def test_values_are_held_against_the_true_ones(knowing: float, random: bool) -> None:
    rng = np.random.default_rng(5)
    true = rng.standard_normal(3_000)
    homes = Records(pd.DataFrame({"a": range(3_000)}), np.zeros(3_000, np.intp), true)
    told = (knowing * true + rng.standard_normal(3_000))[:, None]

    assert is_random(random_answers(told, homes, None, True)) is random


@pytest.mark.parametrize("order", [[2, 0, 1], [1, 2, 0]])
def test_classes_in_another_order_speak_against_the_truth(order: list[int]) -> None:
    found = inverted_answers(answers(2.0)[:, order], PEOPLE)

    assert found is not None
    assert found.passed is False
    assert found.sentence.endswith("Check the order of target.classes.")


@pytest.mark.parametrize("knowing", [0.0, 0.05, 0.3, 5.0])
def test_models_that_know_little_do_not_speak_against_it(knowing: float) -> None:
    assert inverted_answers(answers(knowing), PEOPLE) is None


def test_one_class_that_is_mistaken_is_not_an_inversion() -> None:
    confused = answers(2.0)
    confused[:, 2] = 1 - confused[:, 2]

    assert inverted_answers(confused, PEOPLE) is None


def test_a_constant_answer_and_too_few_records_speak_against_nothing() -> None:
    few = Records(pd.DataFrame({"a": range(200)}), (np.arange(200) < 40).astype(np.intp))

    assert inverted_answers(np.tile([0.6, 0.3, 0.1], (3_000, 1)), PEOPLE) is None
    assert inverted_answers(np.eye(2)[1 - few.labels], few) is None


def test_labels_alone_can_be_inverted_too() -> None:
    people = Records(pd.DataFrame({"a": range(400)}), (np.arange(400) % 4 == 0).astype(np.intp))

    assert inverted_answers(np.eye(2)[1 - people.labels], people) is not None
    assert inverted_answers(np.eye(2)[people.labels], people) is None


def test_chance_seldom_passes_for_an_inversion() -> None:
    assert sum(inverted_answers(answers(0.0, seed=s), PEOPLE) is not None for s in range(200)) <= 2


@pytest.mark.parametrize(("sign", "inverted"), [(-1.0, True), (1.0, False)])
def test_values_of_the_wrong_sign_are_inverted(sign: float, inverted: bool) -> None:
    true = np.random.default_rng(5).standard_normal(500)
    homes = Records(pd.DataFrame({"a": range(500)}), np.zeros(500, np.intp), true)
    found = inverted_answers((sign * true)[:, None], homes)

    assert (found is not None) is inverted
    assert found is None or "sign" in found.sentence


def test_the_same_answer_to_everybody_is_said() -> None:
    assert (constant_answers(np.tile([0.6, 0.3, 0.1], (300, 1))) or "").startswith(
        "The target gave every candidate the same answer"
    )
    assert constant_answers(np.full((300, 1), 40.0)) is not None
    assert constant_answers(answers(0.0)) is None
    assert constant_answers(np.zeros((0, 2))) is None
