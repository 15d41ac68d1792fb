"""The stacked shadow attack: shadows are pseudo-targets with known membership, so a classifier can learn the attack itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from auditor.attacks.membership import stack_features, stack_residuals
from auditor.attacks.membership.blocks import blocks
from auditor.attacks.membership.pairs import Floats, candidates_of, paired, playing, shadows_of, signals_of, unplayed
from auditor.attacks.membership.residuals import residuals_of
from auditor.attacks.membership.stack_features import Reading, Seen, Table, room
from auditor.attacks.membership.stacking import Masks, Stacker, fit, is_better
from auditor.attacks.signals import log_confidence, logit_confidence
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import InvalidInput

LEAST_SHADOWS = 2  # one pair plays nobody: the log-ratio is the score
FOLDS = 2
MOST_ROWS = 400_000  # of a table to fit on: fewer pseudo-targets where records are many
BOUNDS = {"trees": (10, 1_000), "pseudo_targets": (4, 64)}


@dataclass(frozen=True)
class Stacked:
    """Each of up to `pseudo_targets` shadows is attacked with the others (itself and its partner excluded); gradient-boosted
    trees learn members from non-members on half of them and are tried on the other half. The target's score is the mean of both
    fits. Where they do not beat the log-ratio of RMIA, in AUC or at 0.1 % false positives, the log-ratio is the score.

    docs/attacks/stacked.md has the features and the measurements."""

    trees: int = 100
    pseudo_targets: int = 16

    name: ClassVar[str] = "stacked"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(
        Sees.PROBABILITIES, frozenset({Knows.CANDIDATES, Knows.LEARNER, Knows.TRUE_LABEL}), or_value=True, or_top_k=True
    )
    reference: ClassVar[str] = (
        "Shokri, Stronati, Song, Shmatikov: Membership Inference Attacks Against Machine Learning Models, IEEE S&P 2017 "
        "(arXiv:1610.05820), on the statistics of LiRA (arXiv:2112.03570) and RMIA (arXiv:2312.03262)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        for field, (low, high) in BOUNDS.items():
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InvalidInput(f"attacks.stacked.{field}", f"choose a whole number from {low} to {high:,}, not {value!r}")

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0, shadows=LEAST_SHADOWS)

    def run(self, context: Context) -> MembershipScores:
        candidates = candidates_of(context, self.name)
        shadows = shadows_of(context, self.name, LEAST_SHADOWS)
        context.checkpoint(0.0)
        material = _material(context, candidates, shadows, self.name)
        context.checkpoint(0.2)
        chosen = self._chosen(len(shadows), len(candidates))
        attacked = _attacked(material, chosen)
        del material  # what trees are fitted on takes its place
        context.checkpoint(0.4)
        return self._claims(context, attacked, chosen, shadows.masks[chosen])

    def _chosen(self, shadows: int, records: int) -> list[int]:
        """The pseudo-targets; none where a fold would be empty or would have no pairs to attack them with."""
        affordable = max(2 * FOLDS, MOST_ROWS // records)
        return playing(shadows, min(self.pseudo_targets, affordable)) if shadows >= 2 * FOLDS else []

    def _claims(self, context: Context, attacked: list[Table], chosen: list[int], membership: Masks) -> MembershipScores:
        target, tables = attacked[0], attacked[1:]
        if not chosen:
            context.checkpoint(1.0)
            return unplayed(target.ratio)
        stackers = [self._fitted(context, tables, chosen, membership, fold) for fold in range(FOLDS)]
        unseen = [stackers[_fold(shadow)] for shadow in chosen]
        stacked = np.stack([s.score(t) for s, t in zip(unseen, tables, strict=True)])
        ratios = np.stack([s.ratio(t) for s, t in zip(unseen, tables, strict=True)])
        context.checkpoint(1.0)
        if is_better(stacked, ratios, membership):
            return MembershipScores(np.mean([s.score(target) for s in stackers], axis=0), stacked, membership)
        return MembershipScores(np.mean([s.ratio(target) for s in stackers], axis=0), ratios, membership)

    def _fitted(self, context: Context, tables: list[Table], chosen: list[int], membership: Masks, fold: int) -> Stacker:
        """Fitted on the pseudo-targets of the other fold."""
        others = [row for row, shadow in enumerate(chosen) if _fold(shadow) != fold]
        stacker = fit([tables[row] for row in others], membership[others], self.trees)
        context.checkpoint(0.4 + 0.5 * (fold + 1) / FOLDS)
        return stacker


@dataclass(frozen=True, eq=False)
class Material:
    """What the target answered as signals (n,), the shadows with the signals that are read off them, and how a model is read.
    `blocks`: records that can be read without the others."""

    target: Seen
    shadows: ShadowOutputs
    signals: Callable[[ShadowOutputs, slice], tuple[Floats, ...]]
    read: Reading
    blocks: tuple[slice, ...]


def _material(context: Context, candidates: Records, shadows: ShadowOutputs, name: str) -> Material:
    if context.profile.output is Output.VALUE:
        found = residuals_of(context, candidates, shadows, name)
        read = stack_residuals.reading((paired(found.shadows, shadows.masks),), found.rounding)
        return Material((found.target,), shadows, lambda some, rows: (found.shadows[:, rows],), read, (slice(0, len(candidates)),))
    signals = (logit_confidence, log_confidence)

    def of_some(some: ShadowOutputs, rows: slice) -> tuple[Floats, ...]:
        labels, clip = candidates.labels[rows], context.profile.clip
        return tuple(signals_of(some, partial(signal, labels=labels, clip=clip)) for signal in signals)

    answers = context.query(candidates.features)
    target = tuple(signal(answers, candidates.labels, context.profile.clip) for signal in signals)
    odds = signals_of(shadows, partial(logit_confidence, labels=candidates.labels, clip=context.profile.clip))
    read = stack_features.reading((paired(odds, shadows.masks),))
    return Material(target, shadows, of_some, read, tuple(blocks(len(candidates))))


def _fold(shadow: int) -> int:
    """Partners stay together: what one is trained on tells what the other is not."""
    return shadow // 2 % FOLDS


def _attacked(material: Material, chosen: list[int]) -> list[Table]:
    """The target read against all pairs, then each pseudo-target against all but its own."""
    whole: list[Table] = []
    for records in material.blocks:
        for place, part in enumerate(_read(material, records, chosen)):
            if place == len(whole):
                whole.append(room(part, len(material.target[0])))
            whole[place].put(records, part)
    return whole


def _read(material: Material, records: slice, chosen: list[int]) -> Iterator[Table]:
    """One after the other for these records."""
    signals = material.signals(material.shadows.of_records(records), records)
    pools = tuple(paired(of_shadows, material.shadows.masks[:, records]) for of_shadows in signals)
    yield material.read(tuple(signal[records] for signal in material.target), pools)
    for shadow in chosen:
        left = tuple(pool.without(shadow // 2) for pool in pools)
        yield material.read(tuple(of_shadows[shadow] for of_shadows in signals), left)
