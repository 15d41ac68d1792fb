"""Generative model inversion: records of a class, looked for among those that a generator of public records can make."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion_guess import ClassGuess
from auditor.attacks.inversion.generative_network import (
    DifferentiableTarget,
    Floats,
    Prior,
    differentiable,
    drawn,
    noise,
    require_torch,
    train_prior,
)
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layers
from auditor.domain.seeds import generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput

FEWEST_AUXILIARY = 200
IDENTITY_WEIGHT = 100.0
RATE, MOMENTUM = 0.02, 0.9
LONGEST_LATENT = 4.0
REFERENCE_STEPS = 300
HEAVIEST = 10_000
SELECT = ("identity", "membership")


@dataclass(frozen=True)
class GMI:
    """Zhang et al. 2020 (CVPR): a GAN learns what records look like from auxiliary ones; latent points are then moved so that the
    target sees the class in them, min_z -D(G(z)) + 100 (-log f_y(G(z))).

    `gan_steps`, `steps`: how long the GAN is trained, and the latent points moved. `starts`: latent points a class. `select`: which
    of them is claimed: the one that the target is surest of ("identity", as published), or the one that it is surer of than a model
    trained on auxiliary records ("membership"). `membership`: how much that lead, a membership score of G(z), weighs in the search
    itself; above 0 it is the outline of membership model inversion (Basu et al. 2019), 0 is GMI as published.
    """

    gan_steps: int = 1_500
    steps: int = 500
    starts: int = 8
    select: str = "membership"
    membership: float = 0.0

    name: ClassVar[str] = "gmi"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "reconstruction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS, frozenset({Knows.POPULATION}))
    reference: ClassVar[str] = "Zhang et al. 2020, The Secret Revealer: Generative Model-Inversion Attacks (CVPR)"
    shows: ClassVar[str] = "whether records of a class can be generated with the model"

    def __post_init__(self) -> None:
        for name, least, most in (("gan_steps", 10, 100_000), ("steps", 10, 100_000), ("starts", 1, 100)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InvalidInput(f"attacks.gmi.{name}", f"set {name} to a whole number from {least} to {most:,}, not {value!r}")
        if self.select not in SELECT:
            raise InvalidInput("attacks.gmi.select", f"choose {' or '.join(SELECT)}, not {self.select!r}")
        weight = self.membership
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= HEAVIEST:
            raise InvalidInput("attacks.gmi.membership", f"set membership to a number from 0 to {HEAVIEST:,}, not {weight!r}")

    @property
    def baseline(self) -> ClassGuess:
        return ClassGuess()

    def needs(self, scope: Scope) -> Needs:
        require_torch()
        if scope.auxiliary < FEWEST_AUXILIARY:
            raise InvalidInput(
                "data.auxiliary",
                f"generative inversion learns from {FEWEST_AUXILIARY} auxiliary records or more; it has {scope.auxiliary}",
            )
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """`starts` claims for each class; asks nothing of the target. Raises InvalidInput without PyTorch, AttackFailed for
        anything but a network over numeric columns."""
        require_torch()
        auxiliary = _numeric(context)
        matrix = auxiliary.features.to_numpy(dtype=np.float64)
        low, span = matrix.min(axis=0), np.ptp(matrix, axis=0)
        scaled = (matrix - low) / np.where(span > 0, span, 1.0)
        if not isinstance(context.parameters, Layers):
            raise AttackFailed("Generative inversion follows gradients through a network; this model is none.")
        names = [column.name for column in context.columns]
        target = differentiable(context.parameters, names, low, span)
        rng = generator(context.seed, "gmi")
        prior = train_prior(scaled, self.gan_steps, rng, lambda share: context.checkpoint(0.6 * share))
        reference = _reference(scaled, auxiliary.labels, context.classes, generator(context.seed, "gmi-reference"))
        judges = _Judges(target, prior, reference)
        found = [self._of_class(judges, c, rng, context) for c in range(context.classes)]
        scores = [self._scores(judges, made, c) for c, made in enumerate(found)]
        context.checkpoint(1.0)
        records = np.concatenate(found).astype(np.float64) * span + low
        labels = np.repeat(np.arange(context.classes), self.starts)
        frame = pd.DataFrame({c.name: _cells(records[:, i], c.type) for i, c in enumerate(context.columns)})
        seen = sum(_is_seen(target, made[score.argmax()], c) for c, (made, score) in enumerate(zip(found, scores, strict=True)))
        return Reconstructions(frame, labels, np.concatenate(scores), {"recognised_share": seen / context.classes})

    def _of_class(self, judges: "_Judges", c: int, rng: np.random.Generator, context: Context) -> NDArray[Any]:
        """(starts, d) in [0, 1]: where the latent points ended."""
        import torch

        latent = noise(self.starts, rng).requires_grad_(True)
        optimiser = torch.optim.SGD([latent], lr=RATE, momentum=MOMENTUM)
        for step in range(self.steps):
            context.checkpoint(0.6 + 0.35 * (c + step / self.steps) / context.classes)
            made = judges.prior.records(latent)
            loss = (-IDENTITY_WEIGHT * judges.identity(made, c) - judges.prior.realism(made)).sum()
            if self.membership:
                loss = loss - self.membership * judges.lead(made, c).sum()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([latent], 10.0)
            optimiser.step()
            with torch.no_grad():
                latent.clamp_(-LONGEST_LATENT, LONGEST_LATENT)
        with torch.no_grad():
            return np.asarray(judges.prior.records(latent).numpy())

    def _scores(self, judges: "_Judges", made: NDArray[Any], c: int) -> Floats:
        """(starts,) how surely each is claimed."""
        import torch

        with torch.no_grad():
            score = judges.lead if self.select == "membership" else judges.identity
            return np.asarray(score(torch.from_numpy(made), c).numpy(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Judges:
    """Who says how good a made record is: the target, the prior, and a model of auxiliary records that never saw the members."""

    target: DifferentiableTarget
    prior: Prior
    reference: Any

    def identity(self, made: Any, c: int) -> Any:
        """(m,) the target's log-probability of the class."""
        import torch

        return torch.log_softmax(self.target.log_odds(made), dim=1)[:, c]

    def lead(self, made: Any, c: int) -> Any:
        """(m,) the same less that of the reference: a membership score calibrated by difficulty (Watson et al. 2022)."""
        import torch

        return self.identity(made, c) - torch.log_softmax(self.reference(made), dim=1)[:, c]


def _numeric(context: Context) -> Records:
    auxiliary = context.auxiliary
    if auxiliary is None:
        raise AttackFailed("Generative inversion learns from auxiliary records; there are none.")
    other = next((column.name for column in context.columns if not column.type.is_numeric), None)
    if other is not None:
        raise AttackFailed(f"Generative inversion works on numbers such as pixels; column {other!r} holds none.")
    complete = ~auxiliary.features.isna().any(axis=1).to_numpy()
    if complete.sum() < FEWEST_AUXILIARY:
        raise AttackFailed(
            f"Only {int(complete.sum())} auxiliary records are complete; generative inversion needs {FEWEST_AUXILIARY}."
        )
    return auxiliary.take(complete)


def _reference(scaled: Floats, labels: NDArray[np.intp], classes: int, rng: np.random.Generator) -> Any:
    """A softmax regression on the auxiliary records: how sure a model is that never saw the members."""
    import torch

    weights, biases = drawn((scaled.shape[1], classes), rng)
    optimiser = torch.optim.Adam([weights, biases], lr=0.05)
    records, truth = torch.from_numpy(scaled.astype(np.float32)), torch.from_numpy(labels.astype(np.int64))
    for _ in range(REFERENCE_STEPS):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(records @ weights.T + biases, truth)
        loss.backward()
        optimiser.step()
    fixed_weights, fixed_biases = weights.detach(), biases.detach()
    return lambda made: made.float() @ fixed_weights.T + fixed_biases


def _is_seen(target: DifferentiableTarget, made: NDArray[Any], c: int) -> bool:
    """Does the target itself take the record for the class?"""
    import torch

    with torch.no_grad():
        return int(target.log_odds(torch.from_numpy(made[None, :])).argmax()) == c


def _cells(values: Floats, kind: ColumnType) -> Any:
    return np.rint(values).astype(np.int64) if kind is ColumnType.INTEGER else values
