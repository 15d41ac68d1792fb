"""Adam over many networks at once in PyTorch: the steps of `adam.fit`, each for all networks together.

Every product has the same shape whichever networks are asked for: lanes are left empty where fewer are, and batches are filled up
with rows that weigh nothing. So a network never depends on its company. PyTorch is optional, and imported where it is first used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.shadows.trainers.adam import BETA_1, BETA_2, EPSILON, PATIENCE, Floats32, Network, Plan
from auditor.shadows.trainers.torch_layers import Batch, Networks, slope

BLOCK = 65_536
"""Rows that are answered at once."""


@dataclass(frozen=True, eq=False)
class Lane:
    """One network: `encoded()` gives all rows (n, d) as it sees them, `rows` (m,) are learned from, with their `truth` (m, c)."""

    encoded: Callable[[], Floats32]
    rows: NDArray[np.intp]
    truth: Floats32
    seed: int


@dataclass(frozen=True)
class Bench:
    """Where they are trained: so many lanes, columns of the widest encoding, and what PyTorch calls the device."""

    lanes: int
    width: int
    device: str


def answers(lanes: Sequence[Lane], plan: Plan, bench: Bench, report: Callable[[float], None]) -> Iterator[Floats32]:
    """(n, c) of each lane: what a network trained on its rows answers for all; at most `bench.lanes` lanes of one plan and c."""
    import torch

    with torch.no_grad():
        networks = _fitted(lanes, plan, bench, report)
        for k, lane in enumerate(lanes):
            alone, rows = networks.only(k), torch.from_numpy(_widened(lane.encoded(), bench.width))
            found = [alone.layers(block[None].to(bench.device), plan)[-1][0].cpu() for block in rows.split(BLOCK)]
            yield torch.cat(found).numpy()


def _fitted(lanes: Sequence[Lane], plan: Plan, bench: Bench, report: Callable[[float], None]) -> Networks:
    import torch

    randoms = [np.random.RandomState(lane.seed) for lane in lanes]
    material, started = _Material.of(lanes, plan, bench), []
    for random, inputs in zip(randoms, material.inputs, strict=True):
        started.append(_drawn(random, inputs, (bench.width, *plan.hidden, material.truth.shape[1]), plan.activation))
    flat = np.zeros((bench.lanes, len(started[0].flat)), dtype=np.float32)
    flat[: len(lanes)] = [one.flat for one in started]
    networks = Networks.over(torch.from_numpy(flat).to(bench.device), started[0])
    gradient, adam = Networks.over(torch.zeros_like(networks.flat), started[0]), _Adam.of(networks.flat, plan.rate)
    orders, patience = [np.arange(len(lane.rows)) for lane in lanes], _Patience.of(len(lanes), bench.lanes)
    for epoch in range(plan.epochs):
        report(epoch / plan.epochs)
        orders = [_shuffled(order, random) for order, random in zip(orders, randoms, strict=True)]
        moves = (material.counts > 0) & patience.goes_on
        losses = torch.zeros(bench.lanes, dtype=torch.float64, device=bench.device)
        for batch, weight, factors in zip(material.batches(orders), material.weights, adam.factors(moves), strict=True):
            losses += weight * slope(networks, batch, plan, gradient)
            adam.step(gradient.flat, factors)
        if not patience.after(losses.cpu().numpy(), plan.tolerance):
            break
    return networks


def _drawn(random: np.random.RandomState, inputs: int, widths: Sequence[int], activation: str) -> Network:
    """The start of a network with so many inputs, with columns that it lacks after its own: their weights stay zero."""
    own, wide = Network.of((inputs, *widths[1:])), Network.of(widths)
    own.draw(random, activation)
    wide.weights[0][:inputs] = own.weights[0]
    for to, start in zip((*wide.weights[1:], *wide.biases), (*own.weights[1:], *own.biases), strict=True):
        to[:] = start
    return wide


def _shuffled(order: NDArray[np.intp], random: np.random.RandomState) -> NDArray[np.intp]:
    shuffled = np.arange(len(order))
    random.shuffle(shuffled)
    return order[shuffled]


def _widened(rows: Floats32, width: int) -> Floats32:
    """Columns of zeros after its own."""
    wide = np.zeros((len(rows), width), dtype=np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide


@dataclass(frozen=True, eq=False)
class _Material:
    """What lanes learn from, on the device: `rows` (lanes * m, d) and `truth` (lanes * m, c), and how an epoch is cut: `counts`
    (batches, lanes) rows a batch, `share` and `penalty` of each batch, `weights` (batches, lanes) of its loss in that of the epoch.
    `inputs`: columns of each lane."""

    rows: Any
    truth: Any
    counts: NDArray[np.int64]
    share: Any
    penalty: Any
    weights: Any
    inputs: tuple[int, ...]

    @classmethod
    def of(cls, lanes: Sequence[Lane], plan: Plan, bench: Bench) -> "_Material":
        import torch

        most = max(len(lane.rows) for lane in lanes)
        rows = torch.zeros((bench.lanes, most, bench.width), device=bench.device)
        truth = torch.zeros((bench.lanes, most, lanes[0].truth.shape[1]), device=bench.device)
        inputs = []
        for k, lane in enumerate(lanes):
            seen = lane.encoded()[lane.rows]
            inputs.append(seen.shape[1])
            rows[k, : len(seen), : seen.shape[1]] = torch.from_numpy(seen).to(bench.device)
            truth[k, : len(seen)] = torch.from_numpy(lane.truth).to(bench.device)
        sizes = np.array([len(lane.rows) for lane in lanes] + [0] * (bench.lanes - len(lanes)))
        starts = np.arange(0, most, plan.batch)
        counts = np.clip(sizes - starts[:, None], 0, plan.batch)
        is_row = np.arange(plan.batch) < counts[:, :, None]
        divisors = np.maximum(counts, 1)[:, :, None, None]

        def sent(values: NDArray[np.float64], kind: type = np.float32) -> Any:
            return torch.from_numpy(values.astype(kind)).to(bench.device)

        share, penalty = sent(is_row[:, :, :, None] / divisors), sent(plan.alpha / divisors)
        weights = sent(counts / np.maximum(sizes, 1), np.float64)
        return cls(rows.flatten(0, 1), truth.flatten(0, 1), counts, share, penalty, weights, tuple(inputs))

    def batches(self, orders: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """The rows of one epoch in these orders."""
        import torch

        (batches, lanes), size = self.counts.shape, self.share.shape[2]
        places = np.zeros((lanes, batches * size), dtype=np.int64)
        for k, order in enumerate(orders):
            places[k, : len(order)] = order + k * (len(self.rows) // lanes)
        cut = torch.from_numpy(places).to(self.rows.device).unflatten(1, (batches, size))
        for number in range(batches):
            chosen = cut[:, number].flatten()
            rows, truth = (all_of[chosen].unflatten(0, (lanes, size)) for all_of in (self.rows, self.truth))
            yield Batch(rows, truth, self.share[number], self.penalty[number])


@dataclass(eq=False)
class _Patience:
    """Which lanes go on: those whose loss fell by the tolerance within the last epochs."""

    goes_on: NDArray[np.bool_]
    best: NDArray[np.float64]
    stale: NDArray[np.int64]

    @classmethod
    def of(cls, taken: int, lanes: int) -> "_Patience":
        return cls(np.arange(lanes) < taken, np.full(lanes, np.inf), np.zeros(lanes, dtype=np.int64))

    def after(self, losses: NDArray[np.float64], tolerance: float) -> bool:
        """Does any lane go on after an epoch with these losses?"""
        self.stale = np.where(losses > self.best - tolerance, self.stale + 1, 0)
        self.best = np.minimum(self.best, losses)
        self.goes_on = self.goes_on & (self.stale <= PATIENCE)
        return bool(self.goes_on.any())


@dataclass(eq=False)
class _Adam:
    """Kingma & Ba 2015, on rows of parameters of which some stand still: those keep their moments and take no step."""

    parameters: Any
    rate: float
    steps: NDArray[np.int64]
    first: Any
    second: Any

    @classmethod
    def of(cls, parameters: Any, rate: float) -> "_Adam":
        import torch

        steps = np.zeros(len(parameters), dtype=np.int64)
        return cls(parameters, rate, steps, torch.zeros_like(parameters), torch.zeros_like(parameters))

    def factors(self, moves: NDArray[np.bool_]) -> Any:
        """(batches, 5, lanes, 1) of the steps to come, where `moves` (batches, lanes): sent at once, not step by step."""
        import torch

        taken = self.steps + np.cumsum(moves, axis=0)
        self.steps = taken[-1]
        taken = np.maximum(taken, 1)
        rates = self.rate * np.sqrt(1 - BETA_2**taken) / (1 - BETA_1**taken)
        parts = [np.where(moves, beta, 1.0) for beta in (BETA_1, BETA_2)]
        parts += [np.where(moves, value, 0.0) for value in (1 - BETA_1, 1 - BETA_2, rates)]
        return torch.from_numpy(np.stack(parts, axis=1).astype(np.float32)[..., None]).to(self.parameters.device)

    def step(self, gradient: Any, factors: Any) -> None:
        keep_1, keep_2, add_1, add_2, rate = factors
        self.first.mul_(keep_1).add_(add_1 * gradient)
        self.second.mul_(keep_2).add_(add_2 * gradient * gradient)
        self.parameters.sub_(rate * self.first / (self.second.sqrt() + EPSILON))
