from dataclasses import replace

import numpy as np
import pytest
from gaussian_world import auc, gaussian

from auditor.attacks import registry
from auditor.attacks.membership.loss_threshold import LossThreshold
from auditor.domain.attack import Context, Scope
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Knows
from auditor.errors import AttackFailed, InvalidInput


def regression(shadows: int = 4, decimals: int | None = None) -> tuple[Context, np.ndarray]:
    """A target that answers a value, four times nearer to the truth for its members; shadows do the same."""
    context, is_member = gaussian(500, shadows)
    rng = np.random.default_rng(5)
    values = rng.normal(10, 3, 500)

    def answers(inside: np.ndarray) -> np.ndarray:
        found = values + np.where(inside, 0.25, 1.0) * rng.normal(size=inside.shape)
        return (found if decimals is None else np.round(found, decimals))[..., None]

    target = answers(is_member)
    outputs = ShadowOutputs(answers(context.shadows.masks), context.shadows.masks) if context.shadows else None
    candidates = replace(context.candidates, labels=np.zeros(500, dtype=np.intp), values=values)
    profile = Profile(Output.VALUE, (), decimals=decimals)
    return replace(context, profile=profile, candidates=candidates, shadows=outputs, query=lambda frame: target), is_member


@pytest.mark.parametrize("threshold", ["global", "class"])
def test_of_a_value_the_score_is_minus_the_distance_from_the_truth(threshold: str) -> None:
    context, is_member = regression()
    evidence = LossThreshold(threshold).run(context)
    residual = np.abs(context.query(context.candidates.features)[:, 0] - context.candidates.values)
    np.testing.assert_array_equal(np.argsort(-evidence.target), np.argsort(residual))
    assert auc(evidence.target, is_member) > 0.8
    for scores, inside in zip(evidence.pseudo_targets, evidence.membership, strict=True):
        assert auc(scores, inside) > 0.8


def test_equal_values_of_target_and_shadows_tie_although_shadows_are_stored_in_32_bits() -> None:
    context, _ = regression(decimals=1)
    sharp = context.query(context.candidates.features)
    stored = sharp.astype(np.float32).astype(np.float64)
    assert (sharp != stored).any()
    first = LossThreshold().run(context).target
    np.testing.assert_array_equal(first, LossThreshold().run(replace(context, query=lambda frame: stored)).target)


def test_of_a_value_it_needs_the_true_one() -> None:
    context, _ = regression()
    unknown = replace(context, candidates=replace(context.candidates, values=None))
    with pytest.raises(AttackFailed, match="the true value of every record"):
        LossThreshold().run(unknown)


def test_it_can_be_tried_on_a_target_that_answers_a_value() -> None:
    scope = Scope(Profile(Output.VALUE, ()), 100, 0, 4, 0)
    assert registry.unmet(LossThreshold(), scope.profile, scope) == []


def test_who_sets_thresholds_by_class_knows_the_learner() -> None:
    assert Knows.LEARNER not in LossThreshold().threat_model.knows
    assert Knows.LEARNER in LossThreshold("class").threat_model.knows
    assert Knows.LEARNER not in LossThreshold.threat_model.knows
    without = Scope(Profile(Output.PROBABILITIES, ("a", "b")), 100, 0, 4, 0, has_learner=False)
    assert registry.unmet(LossThreshold(), without.profile, without) == []
    assert "set learner" in registry.unmet(LossThreshold("class"), without.profile, without)[0]


@pytest.mark.parametrize("value", ["", "classes", 1, None])
def test_an_unknown_threshold_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="choose global or class") as caught:
        registry.make("loss-threshold", {"threshold": value})
    assert caught.value.field == "attacks.loss-threshold.threshold"
