"""Property inference: does the model tell which share of its training records has a property?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.property_votes import clipped, judged, telling, threshold
from auditor.attacks.inversion.property_worlds import Pool, has_value, pool_of, shares, sizes
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import PropertyGuess
from auditor.domain.seeds import derive, generator
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput
from auditor.learners import build

FEWEST_AUXILIARY = 300
MOST_RECORDS = 5_000
PROBES = 0.2  # of the auxiliary records; the rest is halved between adversary and victims
BATCH = 500
FIELD = "attacks.property"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PropertyInference:
    """KL attack of Suri et al. 2023 between two shares of `column` = `value` in the training data.

    Shadow models of both worlds are trained on one half of the auxiliary records and vote on victims that were trained on the other
    half, and on the target. In both worlds n and the share of each class are the same.
    """

    column: str = ""
    value: str = ""
    ratios: tuple[float, float] = (0.3, 0.5)
    models: int = 16
    probes: int = 1_000
    hold_labels: bool = True

    name: ClassVar[str] = "property"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "property"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, frozenset({Knows.POPULATION, Knows.LEARNER}))
    reference: ClassVar[str] = (
        "Suri et al. 2023, Dissecting Distribution Inference (SaTML; arXiv 2212.07591); "
        "Suri & Evans 2022, Formalizing and Estimating Distribution Inference Risks (PoPETs; arXiv 2109.06024)"
    )
    shows: ClassVar[str] = "whether the model tells which share of its training records has a property"

    def __post_init__(self) -> None:
        ratios = self.ratios
        if not isinstance(ratios, list | tuple) or len(ratios) != 2 or not all(_is_share(ratio) for ratio in ratios):
            raise InvalidInput(f"{FIELD}.ratios", f"give two shares above 0 and below 1, such as [0.3, 0.5], not {ratios!r}")
        object.__setattr__(self, "ratios", (float(ratios[0]), float(ratios[1])))
        for name, low, high in (("models", 4, 128), ("probes", 50, 100_000)):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
                raise InvalidInput(f"{FIELD}.{name}", f"choose a whole number from {low} to {high:,}, not {given!r}")

    def needs(self, scope: Scope) -> Needs:
        if scope.auxiliary < FEWEST_AUXILIARY:
            raise InvalidInput("data.auxiliary", f"{FEWEST_AUXILIARY} auxiliary records are needed to train models of both worlds")
        probes = self._probes(scope.auxiliary)
        return Needs(probes, probes)

    def run(self, context: Context) -> PropertyGuess:
        """Evidence with votes (2, models) of the victims of each world, and the target's. Raises AttackFailed where the auxiliary
        records do not carry two worlds."""
        column, value = self._property(context)
        probes, ours, theirs = self._parts(context, column, value)
        natural = ours.available(context.classes) + theirs.available(context.classes)
        worlds = tuple(shares(natural, ratio, self.hold_labels) for ratio in self.ratios)
        counts = sizes((worlds[0], worlds[1]), (ours, theirs), MOST_RECORDS)
        made = [
            self._trained(context, pool, counts[w], probes, (2 * side + w))
            for side, pool in enumerate((ours, theirs))
            for w in (0, 1)
        ]
        target = self._asked(context, probes)
        chosen = telling((made[0], made[1]))
        shadows = made[0][:, chosen], made[1][:, chosen]
        victims = [judged(shadows, made[2 + w][:, chosen]) for w in (0, 1)]
        own = judged(shadows, target[None, chosen])
        context.checkpoint(1.0)
        return PropertyGuess(
            column,
            value,
            self.ratios,
            votes=np.stack([v.votes for v in victims]),
            distances=np.stack([v.distances for v in victims]),
            target=np.array([own.votes[0], own.distances[0]]),
            records=int(counts[0].sum()),
            threshold=threshold(shadows),
        )

    def _probes(self, auxiliary: int) -> int:
        return min(self.probes, int(PROBES * auxiliary))

    def _property(self, context: Context) -> tuple[str, str]:
        if context.auxiliary is None:
            raise AttackFailed("Property inference needs auxiliary records; give data.auxiliary.")
        names = [str(name) for name in context.auxiliary.features.columns]
        if not self.column and context.sensitive is None:
            raise AttackFailed("Say which property is confidential: property: {column, value, ratios}.")
        column = self.column or str(context.sensitive.columns[0] if context.sensitive else "")
        if column not in names:
            raise AttackFailed(f"The column {column!r} of the property is not among the features; name one that is sent.")
        if self.column:
            return column, str(self.value)
        return column, str(context.sensitive.values[0][0] if context.sensitive else "")

    def _parts(self, context: Context, column: str, value: str) -> tuple[pd.DataFrame, Pool, Pool]:
        """Probes, the adversary's records, the victims': a random third each way, by the seed."""
        auxiliary = context.auxiliary
        assert auxiliary is not None  # noqa: S101 - looked at by _property
        order = generator(context.seed, "property parts").permutation(len(auxiliary))
        first = min(self._probes(len(auxiliary)), context.query_limit)
        middle = first + (len(auxiliary) - first) // 2
        parts = [auxiliary.take(np.sort(rows)) for rows in (order[:first], order[first:middle], order[middle:])]
        ours, theirs = (pool_of(part, has_value(part.features, column, value)) for part in parts[1:])
        return parts[0].features, ours, theirs

    def _trained(self, context: Context, pool: Pool, counts: NDArray[np.intp], probes: pd.DataFrame, place: int) -> Floats:
        """(models, q, C) what models of one world answer on the probes."""
        learner = context.learner
        if learner is None:
            raise AttackFailed("Property inference needs to know how the model was trained; set learner.")
        answers = np.empty((self.models, len(probes), context.classes))
        for index in range(self.models):
            context.checkpoint((place + index / self.models) / 5)
            seed = derive(context.seed, f"property {place} {index}")
            records: Records = pool.draw(counts, np.random.default_rng(seed))
            model = build(learner, context.columns, seed).fit(records.features, records.labels)
            answers[index] = model.over_all(model.predict_proba(probes), context.classes)
        return clipped(answers)

    def _asked(self, context: Context, probes: pd.DataFrame) -> Floats:
        """(q, C) the target's answers."""
        batches = [probes.iloc[first : first + BATCH] for first in range(0, len(probes), BATCH)]
        answers = []
        for number, batch in enumerate(batches):
            context.checkpoint(0.8 + 0.2 * number / len(batches))
            answers.append(context.query(batch))
        return clipped(np.concatenate(answers))


def _is_share(ratio: object) -> bool:
    return isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 < ratio < 1
