"""What an audit will cost, before the target is asked anything: the plan that it would get, added up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.domain.audit import NewStep, StepKind
from auditor.domain.data import Sensitive
from auditor.domain.spec import AuditSpec
from auditor.domain.target import Profile
from auditor.workflow import chunks, plan, profiles
from auditor.workflow.offer import Item, Offer, chosen_on, left_of, sorted_out
from auditor.workflow.prepare import MIN_NON_MEMBERS_AFTER_SPLIT
from auditor.workflow.shares import Share, lines_of, shares_of

# What the probe spends: alone, small batch and repeats; where all goes well the large batch and a missing cell too.
PROBE_LEAST, PROBE_MOST = 84, 597
# Until a target was asked: what a model server on the same network takes.
ASSUMED_LATENCY_MS, ASSUMED_BATCH = 25.0, 512
MINUTE = 60
VALUES_LEAST, VALUES_MOST = 2, 20  # of a sensitive attribute that nobody has counted yet


@dataclass(frozen=True)
class Range:
    low: float
    high: float

    def words(self, form: str = ",.0f") -> str:
        low, high = format(self.low, form), format(self.high, form)
        return low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class Cost:
    """`queries`: rows put to the target; `fits`: shadow models; `seconds` from start to end; `price` where the spec names one.

    The low ends hold where an audit that grows stops at its first look, and where attacks get by with the fewest queries.
    `attacks`: what is kept of the budget for each one that asks records of its own.
    """

    queries: Range
    fits: Range
    seconds: Range
    price: Range | None
    sentences: tuple[str, ...]
    attacks: tuple[Share, ...] = ()

    def as_json(self) -> dict[str, Any]:
        named = {"queries": self.queries, "fits": self.fits, "seconds": self.seconds, "price": self.price}
        ends = {f"{name}_{end}": value for name, r in named.items() if r for end, value in (("min", r.low), ("max", r.high))}
        return {**ends, "sentences": list(self.sentences), "attacks": [share.as_json() for share in self.attacks]}

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentences, and what each attack asks of its own, a line each."""
        return *self.sentences, *lines_of(self.attacks)


@dataclass(frozen=True)
class Reuse:
    """Shadow models of this audit that are stored already, by index; `if_chosen` names their learner where the audit is still to
    choose one."""

    stored: frozenset[int] = frozenset()
    if_chosen: str | None = None

    def sentence(self, shadows: int) -> str:
        count = sum(index < shadows for index in self.stored)
        condition = f" if {self.if_chosen} is chosen again" if self.if_chosen else ""
        return f"{count:,} of {shadows:,} shadow models are stored already{condition}: {shadows - count:,} fits."


NOTHING = Reuse()


@dataclass(frozen=True)
class Course:
    """One way an audit may go: the steps it takes, all queries, those of each attack that asks of its own, and the shadows that it
    need not train."""

    steps: Sequence[NewStep]
    queries: int
    asked: Mapping[str, int]
    reuse: Reuse = NOTHING

    @property
    def shadows(self) -> int:
        return sum(len(_indices(s)) for s in self.steps)

    @property
    def fits(self) -> int:
        return sum(map(self._trained, self.steps))

    def seconds(self, workers: int) -> float:
        """Stage after stage; within one, workers share the steps and the longest step is the least it takes."""
        stages: dict[int, list[float]] = {}
        for step in self.steps:
            share = self._trained(step) / len(_indices(step)) if step.kind is StepKind.SHADOWS else 1.0
            stages.setdefault(step.stage, []).append(step.weight * share)
        return round(sum(max(max(weights), sum(weights) / workers) for weights in stages.values()), 1)

    def _trained(self, step: NewStep) -> int:
        return sum(index not in self.reuse.stored for index in _indices(step))


def _indices(step: NewStep) -> range:
    return range(step.params["first"], step.params["last"]) if step.kind is StepKind.SHADOWS else range(0)


@dataclass(frozen=True)
class Files:
    """What is known of an audit's records before they are read: how many rows each file has."""

    rows: Mapping[str, int]

    def offer(self, spec: AuditSpec, values: int) -> Offer:
        """Duplicates included; each sensitive attribute is taken to have so many values."""
        named = tuple(Sensitive(s.name, s.columns, tuple((i,) for i in range(values))) for s in spec.data.sensitive)
        auxiliary = self.rows.get("auxiliary", 0)
        rest = self.rows.get("training", 0)
        if "canaries" in self.rows:
            return Offer(self.rows["canaries"], auxiliary, named, rest)
        others = self.rows["non_members"]
        aside = 0 if auxiliary or others - others // 3 < MIN_NON_MEMBERS_AFTER_SPLIT else others // 3
        return Offer(self.rows["members"] + others - aside, auxiliary + aside, named, rest)


def estimate(
    spec: AuditSpec, records: Offer | Files, profile: Profile | None = None, workers: int = 1, reuse: Reuse = NOTHING
) -> Cost:
    """The least and the most that this audit may cost on so many workers.

    `records`: what was read (`Offer.of(data)`), or the lengths of files alone. `profile`: what an earlier probe of this target
    measured; without one the target is taken at its word and its speed is assumed. `reuse`: what is stored already. Raises
    InvalidInput where the budget does not even cover the candidates.
    """
    seen = profile or declared(spec)
    few, many = (_offer(spec, records, values) for values in (VALUES_LEAST, VALUES_MOST))
    left_of(spec, PROBE_LEAST, few)
    first = replace(_course(spec, few, seen, is_longest=False), reuse=reuse)
    last = replace(_course(spec, many, seen, is_longest=True), reuse=NOTHING if reuse.if_chosen else reuse)
    queries, fits = Range(min(first.queries, last.queries), last.queries), Range(first.fits, last.fits)
    told = [reuse.sentence(last.shadows)] if reuse.stored and last.shadows else []
    seconds = Range(first.seconds(workers), last.seconds(workers))
    price = _price(queries, spec.budget.price_per_1000)
    found = (*_assumed(spec, records, profile), *_not_run(spec, many, seen), *_no_learner(spec, few, last))
    sentences = (_summary(queries, fits, seconds, price), *told, *found)
    return Cost(queries, fits, seconds, price, sentences, shares_of(first.asked, last.asked))


def _offer(spec: AuditSpec, records: Offer | Files, values: int) -> Offer:
    return records if isinstance(records, Offer) else records.offer(spec, values)


def declared(spec: AuditSpec) -> Profile:
    """The target taken at its word."""
    block = spec.target_block
    return Profile(block.output, block.classes or ("0", "1"), latency_ms=ASSUMED_LATENCY_MS, batch_size=ASSUMED_BATCH)


def _course(spec: AuditSpec, offer: Offer, profile: Profile, is_longest: bool) -> Course:
    probed = PROBE_MOST if is_longest else PROBE_LEAST
    run, _ = sorted_out(spec, offer, profile, _left(spec, probed, offer))
    if not is_longest:
        run = [item | {"query_limit": min(item["query_floor"], item["query_limit"])} for item in run]
    steps = _steps(spec, offer, profile, run, len(spec.shadow_looks) if is_longest else 1)
    asked = probed + (offer.candidates if run else 0) + (chosen_on(spec, offer) if plan.needs_shadows({"run": run}) else 0)
    of_their_own = {plan.attack_name(item): item["query_limit"] for item in run if plan.asks(item)}
    return Course(steps, min(asked + sum(of_their_own.values()), spec.budget.queries), of_their_own)


def _left(spec: AuditSpec, probed: int, offer: Offer) -> int:
    return max(0, spec.budget.queries - probed - offer.candidates - chosen_on(spec, offer))


def _steps(spec: AuditSpec, offer: Offer, profile: Profile, run: list[Item], looks: int) -> list[NewStep]:
    """What the planner would plan if the probe answered so and the audit stopped at this look."""
    known = {"candidates": offer.candidates, "training": offer.training}
    probe = {"profile": profiles.to_json(profile), **known, "run": run}
    done: dict[str, dict[str, Any]] = {"probe": probe, chunks.FIRST: {}}
    for look, shadows in enumerate(spec.shadow_looks[:looks]):
        done[plan.grade_key(shadows)] = {"grow": look + 1 < looks}
    return plan.following(spec, done)


def _price(queries: Range, per_1000: float | None) -> Range | None:
    if per_1000 is None:
        return None
    return Range(round(queries.low * per_1000 / 1000, 2), round(queries.high * per_1000 / 1000, 2))


def _summary(queries: Range, fits: Range, seconds: Range, price: Range | None) -> str:
    time = f"{seconds.words()} seconds"
    if seconds.high >= 2 * MINUTE:
        time = f"{Range(seconds.low / MINUTE, seconds.high / MINUTE).words()} minutes"
    ends = f", takes about {time} and costs {price.words(',.2f')}" if price else f" and takes about {time}"
    return f"The audit asks the target {queries.words()} rows, trains {fits.words()} shadow models{ends}."


def _no_learner(spec: AuditSpec, offer: Offer, course: Course) -> Iterator[str]:
    """Known before the target is asked, and told as what it is: the audit would stop at once."""
    if spec.learner.name == "auto" and course.fits and not offer.auxiliary:
        enough = 3 * MIN_NON_MEMBERS_AFTER_SPLIT // 2
        more = "" if spec.data.canaries else f" or at least {enough:,} non-members"
        remedy = f"name it, or give data.auxiliary{more}"
        yield f"Cannot start: auto chooses the learner on auxiliary records, and there are none; {remedy}."


def _assumed(spec: AuditSpec, records: Offer | Files, profile: Profile | None) -> Iterator[str]:
    """What the figures rest on."""
    looks = spec.shadow_looks
    if profile is None:
        speed = 1000 * ASSUMED_BATCH / ASSUMED_LATENCY_MS
        yield f"The target was not asked yet: it is taken to return {spec.target_block.output}, at {speed:,.0f} rows a second."
    if len(looks) > 1:
        first = f"It stops at {looks[0]} shadow models if the highest severity is shown by then"
        yield f"{first}, else where two looks agree, and grows to at most {looks[-1]}."
    if isinstance(records, Files) and spec.data.sensitive:
        names = ", ".join(s.name for s in spec.data.sensitive)
        yield f"The values of {names} were not counted yet: each is taken to have {VALUES_LEAST} to {VALUES_MOST}."


def _not_run(spec: AuditSpec, offer: Offer, profile: Profile) -> Iterator[str]:
    """One sentence for all attacks with the same reason."""
    _, not_run = sorted_out(spec, offer, profile, _left(spec, PROBE_MOST, offer))
    reasons: dict[str, list[str]] = {}
    for item in not_run:
        is_asked_for = item["family"] != "inversion" or spec.data.sensitive or not isinstance(spec.attacks, str)
        if is_asked_for:
            reasons.setdefault(item["reason"], []).append(item["label"])
    for reason, labels in reasons.items():
        yield f"Cannot run: {', '.join(labels)}. {reason}"
