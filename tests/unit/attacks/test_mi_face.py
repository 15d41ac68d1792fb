"""MI-FACE on layers whose ideal records can be computed."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from auditor.attacks.inversion.feature_space import feature_space
from auditor.attacks.inversion.mi_face import MIFace
from auditor.attacks.inversion.mi_face_known import CLASSES, COLUMNS, corner_error
from auditor.attacks.inversion.mi_face_model import margins_of
from auditor.domain.attack import Context
from auditor.domain.data import Records
from auditor.domain.parameters import Layer, Layers, ModelParameters
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, InvalidInput

NAMES = tuple(c.name for c in COLUMNS)


def people() -> Records:
    rng = np.random.default_rng(0)
    return Records(pd.DataFrame(rng.uniform(-1, 3, (100, 6)), columns=list(NAMES)), np.zeros(100, np.intp))


def never(frame: pd.DataFrame) -> NDArray[np.float64]:
    raise AssertionError("it asked")


def context(parameters: ModelParameters | None, checkpoint: Callable[[float], None] = lambda fraction: None) -> Context:
    profile = Profile(Output.PROBABILITIES, CLASSES)
    return Context(1, profile, COLUMNS, never, checkpoint, auxiliary=people(), parameters=parameters)


def layers(activation: str = "tanh", outputs: int = 2, features: tuple[str, ...] = NAMES) -> Layers:
    rng = np.random.default_rng(3)
    first = Layer(rng.standard_normal((5, 6)), rng.standard_normal(5))
    second = Layer(rng.standard_normal((4, 5)), rng.standard_normal(4))
    last = Layer(rng.standard_normal((outputs, 4)), rng.standard_normal(outputs))
    return Layers((first, second, last), activation, "softmax", features)


@pytest.mark.parametrize("knowledge", ["population", "ranges"])
def test_corners_of_a_linear_model_are_found(knowledge: str) -> None:
    assert corner_error(MIFace(knowledge=knowledge), 5) <= 1e-3


@pytest.mark.parametrize("activation", ["identity", "tanh", "sigmoid", "relu"])
def test_slopes_are_those_of_the_margin(activation: str) -> None:
    space = feature_space(people().features, COLUMNS, {})
    margins = margins_of(layers(activation), space, 2)
    point = np.random.default_rng(4).uniform(0.2, 0.8, (2, 6))
    values, slopes = margins(point)
    for i in range(6):
        step = 1e-6 * np.eye(6)[i]
        np.testing.assert_allclose((margins(point + step)[0] - margins(point - step)[0]) / 2e-6, slopes[:, i], atol=1e-5)
    assert values.shape == (2,)


def test_margins_are_those_of_the_records_themselves() -> None:
    """Points in units of bounds, columns in another order, a file that names its own."""
    given = layers("relu", features=NAMES[::-1])
    frame = people().features
    space = feature_space(frame, COLUMNS, {})
    hidden = frame[list(NAMES[::-1])].to_numpy()
    for layer in given.layers[:-1]:
        hidden = np.maximum(hidden @ layer.weight.T + layer.bias, 0.0)
    logits = hidden @ given.layers[-1].weight.T + given.layers[-1].bias
    margins = margins_of(given, space, 2)
    found = [margins(np.tile(point, (2, 1)))[0] for point in space.points(frame).numbers[:5]]
    np.testing.assert_allclose(found, np.stack([logits[:5, 0] - logits[:5, 1], logits[:5, 1] - logits[:5, 0]], axis=1), atol=1e-9)


def test_of_more_classes_the_others_are_summed() -> None:
    given = layers("identity", outputs=3)
    space = feature_space(people().features, COLUMNS, {})
    values, _ = margins_of(given, space, 3)(np.full((3, 6), 0.5))
    logits = space.frame(space.points(people().features.iloc[:0])).to_numpy()
    assert logits.shape == (0, 6)
    middle = np.array([n.low + n.width / 2 for n in space.numbers])
    out = middle
    for layer in given.layers:
        out = layer.weight @ out + layer.bias
    wanted = [out[c] - logsumexp(np.delete(out, c)) for c in range(3)]
    np.testing.assert_allclose(values, wanted, atol=1e-9)


def test_one_output_is_the_log_odds_of_the_second_class() -> None:
    space = feature_space(people().features, COLUMNS, {})
    first, second = margins_of(layers("tanh", outputs=1), space, 2)(np.full((2, 6), 0.5))[0]
    assert first == pytest.approx(-second)


def test_it_asks_nothing_and_says_what_it_did() -> None:
    seen: list[float] = []
    found = MIFace(steps=200).run(context(layers(), seen.append))
    assert found.labels.tolist() == [0, 1]
    assert "nothing was asked" in found.notes[0]
    assert seen[-1] == 1.0
    assert list(found.records.columns) == list(NAMES)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (None, "holds neither"),
        (layers(outputs=3), "3 outputs and the target 2 classes"),
        (layers(features=("a", "b", "c", "d", "e", "f")), "are not the columns of numbers"),
        (layers(activation="gelu"), "'gelu' is not known"),
    ],
)
def test_models_that_cannot_be_inverted_are_refused_in_a_sentence(parameters: ModelParameters | None, sentence: str) -> None:
    with pytest.raises(AttackFailed, match=sentence):
        MIFace().run(context(parameters))


def test_parameters_have_bounds() -> None:
    with pytest.raises(InvalidInput, match="steps"):
        MIFace(steps=0)
    with pytest.raises(InvalidInput, match="knowledge"):
        MIFace(knowledge="everything")
