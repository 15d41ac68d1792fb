"""MI-FACE: model inversion by the gradient of a submitted linear model or neural network."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion import KNOWLEDGE, check_among, check_prior
from auditor.attacks.inversion.class_inversion_guess import ClassGuess, population_of
from auditor.attacks.inversion.feature_space import FeatureSpace, Points, feature_space
from auditor.attacks.inversion.feature_space_density import Density, density_of, without_records
from auditor.attacks.inversion.mi_face_model import Margins, margins_of
from auditor.domain.attack import Checkpoint, Context, Family, Needs, Scope
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layers
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput

Floats = NDArray[np.float64]
MOST_STEPS = 5_000
PATIENCE = 100
RATE = 0.1
REPORTED = 50


@dataclass(frozen=True)
class MIFace:
    """For every class, steps along the gradient of the margin z_y - log sum of exp of the others, with the record kept within its
    bounds; -log density of the population costs `prior` times as much. No question is asked.

    Fredrikson et al. 2015 (CCS) algorithm 1 with its settings (up to 5,000 steps, 100 without gain, step .1), on the logit in place
    of the probability, which saturates; steps are Adam's (Kingma & Ba 2015).
    """

    steps: int = MOST_STEPS
    knowledge: str = "population"
    prior: float = 1.0

    name: ClassVar[str] = "mi-face"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "reconstruction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS, frozenset({Knows.POPULATION}))
    reference: ClassVar[str] = (
        "Fredrikson, Jha & Ristenpart 2015, Model Inversion Attacks that Exploit Confidence Information (CCS) algorithm 1"
    )
    shows: ClassVar[str] = "whether the typical training record of a class can be rebuilt from the model's parameters"

    def __post_init__(self) -> None:
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or not 1 <= self.steps <= 100_000:
            raise InvalidInput("attacks.mi-face.steps", f"set steps to a whole number from 1 to 100,000, not {self.steps!r}")
        check_among("mi-face", "knowledge", self.knowledge, KNOWLEDGE)
        check_prior("mi-face", self.prior)

    @property
    def baseline(self) -> ClassGuess:
        return ClassGuess()

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """Evidence: one record a class with the value that was reached. Raises AttackFailed for parameters that are no layers."""
        population = population_of(context)
        if not isinstance(context.parameters, Layers):
            raise AttackFailed("Gradients are followed in linear models and neural networks; this file holds neither.")
        space = feature_space(population.features, context.columns, context.bounds)
        known = space.points(population.features)
        density = density_of(known, space) if self.knowledge == "population" else without_records(space)
        margins = margins_of(context.parameters, space, context.classes)
        numbers, values = self._climbed(margins, density, context)
        codes = np.array([[int(share.argmax()) for share in density.shares]] * context.classes, dtype=np.intp)
        records = space.frame(Points(numbers, codes.reshape(context.classes, len(density.shares))))
        return Reconstructions(records, np.arange(context.classes), values, notes=(self._told(space),))

    def _climbed(self, margins: Margins, density: Density, context: Context) -> tuple[Floats, Floats]:
        """(C, q) the best point of each class and (C,) what it reached."""
        return climb(Hill(margins, density, float(self.prior)), self.steps, context.checkpoint)

    def _told(self, space: FeatureSpace) -> str:
        if space.choices:
            return "Categories were left at their most frequent value: the gradient was followed in numbers alone."
        return "The gradient of the submitted model was followed; nothing was asked."


@dataclass(frozen=True, eq=False)
class Hill:
    """What is climbed, for C classes at once: margins less what the density costs."""

    margins: Margins
    density: Density
    weight: float

    def at(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """(C,) values and (C, r) slopes at coordinates z (C, r), and the numbers (C, q) there. Beyond a bound there is no slope."""
        free = self.density.mean + z @ self.density.axes
        numbers = np.clip(free, 0.0, 1.0)
        values, slopes = self.margins(numbers)
        inner = np.where((free > 0.0) & (free < 1.0) | (free <= 0.0) & (slopes > 0) | (free >= 1.0) & (slopes < 0), slopes, 0.0)
        cost = (self.density.coordinates(numbers) ** 2).sum(axis=1) / 2
        return values - self.weight * cost, inner @ self.density.axes.T - self.weight * z, numbers


def climb(hill: Hill, steps: int, checkpoint: Checkpoint) -> tuple[Floats, Floats]:
    """Adam from the middle of the density, until PATIENCE steps bring no class anything."""
    z = np.zeros((hill.margins.classes, hill.density.dimensions))
    first, second = np.zeros_like(z), np.zeros_like(z)
    best, reached, gained = hill.density.numbers(z), np.full(len(z), -np.inf), 0
    for step in range(1, steps + 1):
        value, slope, numbers = hill.at(z)
        better = value > reached + 1e-9
        best[better], reached[better] = numbers[better], value[better]
        gained = step if better.any() else gained
        if step % REPORTED == 1:
            checkpoint(step / steps)
        if step - gained > PATIENCE:
            break
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        z = z + RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    checkpoint(1.0)
    return best, reached
