"""Small generator and critic in PyTorch, drawn and trained from a seed without touching any global random state."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.domain.attack import Checkpoint
from auditor.domain.parameters import Layers
from auditor.errors import AttackFailed, InvalidInput

Floats = NDArray[np.float64]
HIDDEN, LATENT = 128, 24
BATCH = 64
CRITIC_STEPS = 3
PENALTY = 10.0
LEAK = 0.2
RATE = 2e-4


def require_torch() -> None:
    """Raises InvalidInput where the optional package is missing."""
    if find_spec("torch") is None:
        raise InvalidInput("attacks.gmi", "PyTorch is not installed; install it with: pip install 'privacy-attack-auditor[deep]'")


@dataclass(frozen=True, eq=False)
class Prior:
    """A generator of records (latent -> [0, 1]^d) and the critic that it was trained against."""

    generator: tuple[Any, ...]
    critic: tuple[Any, ...]

    def records(self, latent: Any) -> Any:
        """(m, LATENT) -> (m, d) in [0, 1]."""
        import torch

        return torch.sigmoid(_through(self.generator, latent))

    def realism(self, records: Any) -> Any:
        """(m,) higher: more like the records that the prior was trained on."""
        return _through(self.critic, records)[:, 0]


def train_prior(records: Floats, steps: int, seed: np.random.Generator, checkpoint: Checkpoint) -> Prior:
    """A Wasserstein GAN with gradient penalty (Gulrajani et al. 2017) on `records` (n, d) in [0, 1]; progress from 0 to 1."""
    import torch

    width = records.shape[1]
    prior = Prior(drawn((LATENT, HIDDEN, HIDDEN, width), seed), drawn((width, HIDDEN, HIDDEN, 1), seed))
    real = torch.from_numpy(records.astype(np.float32))
    make = torch.optim.Adam(prior.generator, lr=RATE, betas=(0.5, 0.9))
    judge = torch.optim.Adam(prior.critic, lr=RATE, betas=(0.5, 0.9))
    for step in range(steps):
        checkpoint(step / steps)
        for _ in range(CRITIC_STEPS):
            some = real[torch.from_numpy(seed.integers(len(real), size=BATCH))]
            made = prior.records(noise(BATCH, seed)).detach()
            loss = (prior.realism(made) - prior.realism(some)).mean() + PENALTY * _steepness(prior, some, made, seed)
            _descend(judge, loss)
        _descend(make, -prior.realism(prior.records(noise(BATCH, seed))).mean())
    return prior


def _steepness(prior: Prior, some: Any, made: Any, seed: np.random.Generator) -> Any:
    """Squared distance of the critic's slope from 1, between real and made records."""
    import torch

    share = torch.from_numpy(seed.random((len(some), 1)).astype(np.float32))
    between = (share * some + (1 - share) * made).requires_grad_(True)
    (slope,) = torch.autograd.grad(prior.realism(between).sum(), between, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()


def _descend(optimiser: Any, loss: Any) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def drawn(widths: Sequence[int], seed: np.random.Generator) -> tuple[Any, ...]:
    """Weights and biases in turn, He et al. 2015."""
    import torch

    parts = []
    for before, after in pairwise(widths):
        weights = seed.standard_normal((after, before)) * np.sqrt(2.0 / before)
        parts += [torch.from_numpy(weights.astype(np.float32)), torch.zeros(after)]
    return tuple(part.requires_grad_(True) for part in parts)


def _through(parts: tuple[Any, ...], values: Any) -> Any:
    import torch

    for place in range(0, len(parts), 2):
        values = values @ parts[place].T + parts[place + 1]
        if place + 2 < len(parts):
            values = torch.nn.functional.leaky_relu(values, LEAK)
    return values


def noise(count: int, seed: np.random.Generator) -> Any:
    import torch

    return torch.from_numpy(seed.standard_normal((count, LATENT)).astype(np.float32))


@dataclass(frozen=True, eq=False)
class DifferentiableTarget:
    """A submitted network as a function that gradients go through. `low`, `span` (d,): records in [0, 1] are unscaled by them;
    `places` (d,): which column of a record is which input of the network."""

    layers: Layers
    low: Floats
    span: Floats
    places: NDArray[np.intp]

    def log_odds(self, scaled: Any) -> Any:
        """(m, d) in [0, 1] -> (m, C) log-probabilities up to a constant, double precision."""
        import torch

        values = (scaled.double() * torch.from_numpy(self.span) + torch.from_numpy(self.low))[:, torch.from_numpy(self.places)]
        bends = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid, "sigmoid": torch.sigmoid}
        for layer in self.layers.layers[:-1]:
            bend = bends.get(self.layers.activation, lambda same: same)
            values = bend(values @ torch.from_numpy(layer.weight).T + torch.from_numpy(layer.bias))
        last = self.layers.layers[-1]
        scores = values @ torch.from_numpy(last.weight).T + torch.from_numpy(last.bias)
        if scores.shape[1] == 1:
            return torch.cat([torch.zeros_like(scores), scores], dim=1)
        return scores


def differentiable(layers: Layers, names: Sequence[str], low: Floats, span: Floats) -> DifferentiableTarget:
    """Raises AttackFailed where the columns of the records are not the inputs of the network."""
    width = layers.layers[0].weight.shape[1]
    if width != len(names):
        raise AttackFailed(
            f"The network has {width} inputs and the records have {len(names)} columns; generative inversion needs one each."
        )
    if layers.output == "identity":
        raise AttackFailed("The network answers a number, not classes; there is no class whose records could be generated.")
    known = list(layers.features)
    places = [list(names).index(name) for name in known] if set(known) == set(names) else list(range(width))
    return DifferentiableTarget(layers, low, span, np.array(places, dtype=np.intp))
