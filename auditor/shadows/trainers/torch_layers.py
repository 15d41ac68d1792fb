"""Many networks of one shape at once in PyTorch: what their layers answer, the loss, and its gradient, as in `adam`.

PyTorch is optional, and imported where it is first used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from auditor.shadows.trainers.adam import CLIP, Network, Plan

SLOPE: Mapping[str, Callable[[Any, Any], Any]] = {
    "relu": lambda values, errors: errors * (values > 0),
    "tanh": lambda values, errors: errors * (1.0 - values * values),
    "logistic": lambda values, errors: errors * (values * (1.0 - values)),
    "identity": lambda values, errors: errors,
}


def _bend(name: str) -> Callable[[Any], Any]:
    import torch

    bends: dict[str, Callable[[Any], Any]] = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}
    return bends.get(name, _same)


def _answer(name: str) -> Callable[[Any], Any]:
    import torch

    answers: dict[str, Callable[[Any], Any]] = {"logistic": torch.sigmoid, "softmax": partial(torch.softmax, dim=-1)}
    return answers.get(name, _same)


def _same(values: Any) -> Any:
    return values


@dataclass(frozen=True, eq=False)
class Networks:
    """Weights (lanes, fan in, fan out) and biases (lanes, 1, fan out) of each layer: views into `flat` (lanes, parameters)."""

    flat: Any
    weights: tuple[Any, ...]
    biases: tuple[Any, ...]

    @classmethod
    def over(cls, flat: Any, one: Network) -> "Networks":
        """Laid out as `one` is."""
        parts, at = [], 0
        for fan_in, fan_out in [w.shape for w in one.weights] + [(1, len(b)) for b in one.biases]:
            parts.append(flat[:, at : at + fan_in * fan_out].unflatten(1, (fan_in, fan_out)))
            at += fan_in * fan_out
        return cls(flat, tuple(parts[: len(one.weights)]), tuple(parts[len(one.weights) :]))

    def only(self, lane: int) -> "Networks":
        one = slice(lane, lane + 1)
        return Networks(self.flat[one], tuple(w[one] for w in self.weights), tuple(b[one] for b in self.biases))

    def layers(self, rows: Any, plan: Plan) -> list[Any]:
        """What each layer answers for `rows` (lanes, n, fan in), the rows themselves first."""
        import torch

        values, bend = [rows], _bend(plan.activation)
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values.append(bend(torch.baddbmm(biases, values[-1], weights)))
        values.append(_answer(plan.answers)(torch.baddbmm(self.biases[-1], values[-1], self.weights[-1])))
        return values


@dataclass(frozen=True, eq=False)
class Batch:
    """Of each lane `rows` (lanes, b, d), `truth` (lanes, b, c), the `share` (lanes, b, 1) of a row in the mean, which is one by the
    number of rows, or zero for a row that only fills up, and `penalty` (lanes, 1, 1): alpha by that number."""

    rows: Any
    truth: Any
    share: Any
    penalty: Any


def slope(networks: Networks, batch: Batch, plan: Plan, gradient: Networks) -> Any:
    """(lanes,) the mean loss of the batch with its penalty; its gradient is written into `gradient`."""
    import torch

    values = networks.layers(batch.rows, plan)
    loss = _loss(values[-1], batch, plan.answers)
    errors = (values[-1] - batch.truth) * batch.share
    for i in reversed(range(len(networks.weights))):
        weights = networks.weights[i]
        loss = loss + 0.5 * batch.penalty[:, 0, 0] * (weights * weights).sum(dim=(1, 2))
        gradient.weights[i].copy_(torch.bmm(values[i].transpose(1, 2), errors)).add_(batch.penalty * weights)
        gradient.biases[i].copy_(errors.sum(dim=1, keepdim=True))
        if i:
            errors = SLOPE[plan.activation](values[i], torch.bmm(errors, weights.transpose(1, 2)))
    return loss


def _loss(answers: Any, batch: Batch, kind: str) -> Any:
    """(lanes,) scikit-learn's: squared distances count half, and are averaged over the numbers of a row."""
    if kind == "identity":
        return 0.5 * (((answers - batch.truth) ** 2) * batch.share).sum(dim=(1, 2)) / answers.shape[2]
    clipped = answers.clamp(CLIP, 1 - CLIP)
    found = clipped.log() * batch.truth
    if kind == "logistic":
        found = found + (1 - clipped).log() * (1 - batch.truth)
    return -(found * batch.share).sum(dim=(1, 2))
