"""Model inversion: what does the model take for the ideal record of each class?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.inversion import boundary_inversion, cma, coordinate, evolution
from auditor.attacks.inversion.class_inversion_found import Found, together
from auditor.attacks.inversion.class_inversion_guess import ClassGuess, population_of
from auditor.attacks.inversion.class_inversion_objective import Asker
from auditor.attacks.inversion.feature_space import FeatureSpace, Points, feature_space
from auditor.attacks.inversion.feature_space_density import density_of, without_records
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.evidence import Reconstructions
from auditor.domain.seeds import derive, generator
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import BudgetExhausted, InvalidInput

Search = Callable[[Asker, Points, int, int], Found]
SEARCHES: Mapping[str, Search] = {
    "cma": cma.search,
    "nes": evolution.search,
    "coordinate": coordinate.search,
    "boundary": boundary_inversion.search,
}
KNOWLEDGE = ("population", "ranges")
FEWEST_QUERIES = 200
SCOUTS = 200
NUDGE = 1e-4
NUDGED = 8
SHAPED = 128  # numbers up to which CMA-ES learns their covariances


@dataclass(frozen=True)
class ClassInversion:
    """For every class the record that the target is surest of, by a search that needs answers alone, all classes in lockstep: one
    frame a generation. `prior` weighs -log density of the population against the target's margin log p_y / (1 - p_y).

    `knowledge` "population": auxiliary records (their labels are not used) give the density and starting points; "ranges": the
    search starts at the lower end of every number and knows the bounds alone.

    Fredrikson et al. 2015 (CCS), with the gradient-free searches that answers alone allow.
    """

    queries: int = 5_000
    restarts: int = 2
    search: str = "auto"
    knowledge: str = "population"
    prior: float = 1.0

    name: ClassVar[str] = "class-inversion"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "reconstruction"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.POPULATION}), or_top_k=True, or_labels=True
    )
    reference: ClassVar[str] = (
        "Fredrikson, Jha & Ristenpart 2015, Model Inversion Attacks that Exploit Confidence Information (CCS); "
        "Hansen 2016, The CMA Evolution Strategy (arXiv 1604.00772); Kahla et al. 2022 (arXiv 2203.06580)"
    )
    shows: ClassVar[str] = "whether the typical training record of a class can be rebuilt from the model's answers"

    def __post_init__(self) -> None:
        _check_whole("queries", self.queries, FEWEST_QUERIES, 1_000_000)
        _check_whole("restarts", self.restarts, 1, 20)
        check_among("class-inversion", "search", self.search, ("auto", *SEARCHES))
        check_among("class-inversion", "knowledge", self.knowledge, KNOWLEDGE)
        check_prior("class-inversion", self.prior)

    @property
    def baseline(self) -> ClassGuess:
        return ClassGuess()

    def needs(self, scope: Scope) -> Needs:
        """`queries` a class, and down to FEWEST_QUERIES a class where the budget is small."""
        classes = len(scope.profile.classes)
        return Needs(FEWEST_QUERIES * classes, self.queries * classes)

    def run(self, context: Context) -> Reconstructions:
        """Evidence: `restarts` records of each class with the value that the search reached. Raises InvalidInput without auxiliary
        records, BudgetExhausted where fewer than FEWEST_QUERIES a class may be asked."""
        population = population_of(context)
        limit = _limit(context, self.queries)
        space = feature_space(population.features, context.columns, context.bounds)
        known = space.points(population.features)
        density = density_of(known, space) if self.knowledge == "population" else without_records(space)
        asker = Asker(context, space, density, self.prior, limit)
        context.checkpoint(0.0)
        chosen = self._search(asker, known)
        starts = self._starts(asker, known, chosen)
        share = (limit - asker.asked) // self.restarts
        runs = [
            SEARCHES[chosen](asker, starts[turn], derive(context.seed, "restart", turn), share) for turn in range(self.restarts)
        ]
        context.checkpoint(1.0)
        found = together(runs)
        return Reconstructions(space.frame(found.points), found.labels, found.values, notes=(_told(chosen),))

    def _search(self, asker: Asker, known: Points) -> str:
        """By what the target answers and how: its label alone, answers that jump, categories, or smooth answers."""
        if asker.context.profile.output is Output.LABELS:
            return "boundary"
        if self.search != "auto":
            return self.search
        if asker.space.choices or _jumps(asker, known):
            return "coordinate"
        return "cma" if asker.density.dimensions <= SHAPED else "nes"

    def _starts(self, asker: Asker, known: Points, chosen: str) -> list[Points]:
        """One point a class for each restart. With records of the population: first its middle, then for each class those of its
        records that the target is surest of; where answers jump these alone, for nothing leads there from the middle."""
        classes = asker.context.classes
        middle = _middle(asker, known).repeat(classes)
        rng = generator(asker.context.seed, "starts")
        if self.knowledge == "ranges":
            scouts = _anywhere(asker.space, SCOUTS, rng)
        else:
            scouts = known.take(rng.permutation(len(known))[:SCOUTS])
        jumps = chosen in ("coordinate", "boundary")
        if self.restarts == 1 and not jumps:
            return [middle]
        scouts = scouts.take(np.arange(min(len(scouts), max(1, asker.limit // 4))))
        answers = asker.answers(scouts)
        asker.asked += -(-len(scouts) // classes)
        order = [np.argsort(-asker.sureness(answers, label), kind="stable") for label in range(classes)]
        picked = [scouts.take(np.array([rank[turn % len(rank)] for rank in order])) for turn in range(self.restarts)]
        return picked if jumps else [middle, *picked[: self.restarts - 1]]


def _middle(asker: Asker, known: Points) -> Points:
    most = [int(share.argmax()) for share in asker.density.shares]
    return Points(asker.density.mean[None].copy(), np.array([most], dtype=np.intp).reshape(1, len(most)))


def _anywhere(space: FeatureSpace, count: int, rng: np.random.Generator) -> Points:
    codes = [rng.integers(len(choice.values), size=count) for choice in space.choices]
    drawn = np.stack(codes, axis=1) if codes else np.zeros((count, 0), dtype=np.intp)
    return Points(rng.random((count, len(space.numbers))), drawn)


def _jumps(asker: Asker, known: Points) -> bool:
    """Do most records get the very same answer after a nudge of every number? Then there is no slope to follow."""
    rng = generator(asker.context.seed, "nudge")
    some = known.take(rng.permutation(len(known))[:NUDGED])
    nudged = Points(some.numbers + NUDGE * rng.choice([-1.0, 1.0], some.numbers.shape), some.codes)
    answers = asker.answers(Points.joined([some, nudged]))
    asker.asked += -(-2 * len(some) // asker.context.classes)
    same = (answers[: len(some)] == answers[len(some) :]).all(axis=1)
    return bool(same.mean() > 0.5)


def _limit(context: Context, queries: int) -> int:
    """Questions about each class."""
    classes = max(1, context.classes)
    limit = min(queries, context.query_limit // classes) if context.query_limit else queries
    if limit < FEWEST_QUERIES:
        raise BudgetExhausted(f"Class inversion needs at least {FEWEST_QUERIES} queries a class; raise budget.queries.")
    return limit


def _told(search: str) -> str:
    words = {"cma": "CMA-ES", "nes": "natural evolution strategies", "coordinate": "coordinate search", "boundary": "labels alone"}
    return f"The records were searched for by {words[search]}."


def _check_whole(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(
            f"attacks.class-inversion.{field}", f"set {field} to a whole number from {low:,} to {high:,}, not {value!r}"
        )


def check_among(attack: str, field: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInput(f"attacks.{attack}.{field}", f"choose {field} among {', '.join(known)}, not {value!r}")


def check_prior(attack: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise InvalidInput(f"attacks.{attack}.prior", f"set prior to a number from 0 to 100, not {value!r}")
