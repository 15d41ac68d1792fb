"""Membership attacks through the channels that targets have: more classes, fewer answers, coarser answers."""

from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, free, gaussian

from auditor.attacks import registry
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design, pool

ATTACKS = [
    registry.make(name, params)
    for name, params in (
        ("loss-threshold", {}),
        ("lira", {}),
        ("lira", {"variance": "moderated"}),
        ("rmia", {}),
        ("rmia", {"mode": "offline"}),
        ("proxy", {}),
        ("stacked", {"trees": 20}),
    )
]
each = pytest.mark.parametrize("attack", ATTACKS, ids=repr)


def many_classes(profile: Profile, n: int = 1500, shadows: int = 8, gap: float = 2.0) -> tuple[Context, np.ndarray]:
    """Softmax answers whose true class is surer, by `gap` log-odds, where the record was trained on; seen through `profile`."""
    rng = np.random.default_rng(4)
    classes = len(profile.classes)
    labels = rng.integers(0, classes, n).astype(np.intp)
    base = rng.normal(size=(n, classes)) * 1.5
    masks = design.masks(n, range(shadows), 4)
    is_member = rng.permutation(n) < n // 2

    def answers(inside: np.ndarray) -> np.ndarray:
        logits = base + 0.4 * rng.normal(size=(*inside.shape, classes))
        logits[..., np.arange(n), labels] += 1.0 + gap * inside
        odds = np.exp(logits)
        return pool.as_shown(odds / odds.sum(axis=-1, keepdims=True), profile)

    shown, outputs = answers(is_member), ShadowOutputs(answers(masks), masks)
    candidates = Records(gaussian(n, 0)[0].candidates.features, labels)
    return Context(0, profile, (), lambda frame: shown[frame.index.to_numpy()], free, candidates, outputs), is_member


def channel(output: Output, decimals: int | None = None, top: int = 0, classes: int = 6) -> Profile:
    return Profile(output, tuple(map(str, range(classes))), decimals, top=top)


def leak(attack: Attack, profile: Profile) -> float:
    context, is_member = many_classes(profile)
    evidence = attack.run(context)
    assert np.isfinite(evidence.target).all()
    assert np.isfinite(evidence.pseudo_targets).all()
    return auc(evidence.target, is_member)


@each
def test_many_classes_leak_as_two_do(attack: Attack) -> None:
    assert leak(attack, channel(Output.PROBABILITIES)) > 0.7


@each
@pytest.mark.parametrize("top", [1, 3])
def test_the_top_few_probabilities_are_enough_to_find_members(attack: Attack, top: int) -> None:
    sharp = leak(attack, channel(Output.PROBABILITIES))
    assert leak(attack, channel(Output.TOP_K, top=top)) > 0.5 + 0.6 * (sharp - 0.5)


@each
def test_two_decimals_hide_next_to_nothing(attack: Attack) -> None:
    sharp = leak(attack, channel(Output.PROBABILITIES))
    assert leak(attack, channel(Output.PROBABILITIES, decimals=2)) > sharp - 0.02


def test_gap_reads_every_channel_alike() -> None:
    gap = registry.make("gap", {})
    sharp = gap.run(many_classes(channel(Output.PROBABILITIES))[0])
    for profile in (channel(Output.LABELS), channel(Output.TOP_K, top=2)):
        seen = gap.run(many_classes(profile)[0])
        np.testing.assert_array_equal(seen.target, sharp.target)
        np.testing.assert_array_equal(seen.pseudo_targets, sharp.pseudo_targets)


@each
def test_labels_alone_as_zero_and_one_give_finite_scores(attack: Attack) -> None:
    assert leak(attack, channel(Output.LABELS)) > 0.5


@each
def test_only_the_rows_of_a_record_decide_its_score(attack: Attack) -> None:
    """Except for what is shared by all (pooled moments, a): with the pool the same, a record's answer moves its score alone."""
    context, _ = many_classes(channel(Output.PROBABILITIES))
    plain = context.query(context.candidates.features)
    changed = plain.copy()
    changed[7] = np.full(6, 1 / 6)
    scores = [attack.run(replace(context, query=lambda frame, a=a: a)).target for a in (plain, changed)]
    np.testing.assert_array_equal(np.flatnonzero(scores[0] != scores[1]), [7])


@each
def test_a_surer_answer_is_never_less_of_a_member(attack: Attack) -> None:
    context, _ = many_classes(channel(Output.PROBABILITIES))
    labels = context.candidates.labels
    rising = []
    for true in (0.05, 0.3, 0.6, 0.9, 0.999):
        answers = np.full((1500, 6), (1 - true) / 5)
        answers[np.arange(1500), labels] = true
        rising.append(attack.run(replace(context, query=lambda frame, a=answers: a)).target)
    assert (np.diff(rising, axis=0) > 0).all()
