"""What the counts in the leaves of a model file say of single training records, without any query."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.tree_boxes import Bounded, bounded, roots_of, spans
from auditor.attacks.inversion.tree_records import Counted, counted
from auditor.attacks.inversion.tree_walk import leaves_of, matrix_of
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Column, ColumnType
from auditor.domain.evidence import Check, Disclosures
from auditor.domain.finding import Severity
from auditor.domain.parameters import Trees
from auditor.domain.threat import Sees, ThreatModel
from auditor.errors import InvalidInput

Places = NDArray[np.int64]
NO_TREES = "The file holds no trees, so no leaf tells of training records."


@dataclass(frozen=True)
class TreeCounts:
    """Leaves that hold one training record, small leaves of one class, and values boxed in between two close thresholds.

    Fredrikson et al. 2015 (CCS) section 5 read the counts of released trees; scikit-learn's thresholds are midpoints between
    neighbouring training values, so a leaf bounded on both sides gives a value to half of a gap.
    """

    small: int = 10
    width: float = 0.01

    name: ClassVar[str] = "tree-counts"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "disclosures"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS)
    reference: ClassVar[str] = (
        "Fredrikson et al. 2015, Model Inversion Attacks that Exploit Confidence Information (CCS) section 5; "
        "Ferry et al. 2024, Probabilistic Dataset Reconstruction from Interpretable Models / DRAFT (ICML; arXiv 2402.19232)"
    )
    shows: ClassVar[str] = "whether the released trees print values of single training records"

    def __post_init__(self) -> None:
        if isinstance(self.small, bool) or not isinstance(self.small, int) or not 2 <= self.small <= 1000:
            raise InvalidInput("attacks.tree-counts.small", f"choose a whole number from 2 to 1,000, not {self.small!r}")
        if isinstance(self.width, bool) or not isinstance(self.width, int | float) or not 0 < self.width <= 0.2:
            raise InvalidInput(
                "attacks.tree-counts.width", f"choose a share of the range above 0 and up to 0.2, not {self.width!r}"
            )

    def needs(self, scope: Scope) -> Needs:
        return Needs(0, 0)

    def run(self, context: Context) -> Disclosures:
        """Evidence with a check each; `boxed`: the candidates that stand alone in a narrow box of some tree."""
        trees = context.parameters
        context.checkpoint(0.0)
        if not isinstance(trees, Trees):
            return Disclosures((Check("single-record-leaf", False, Severity.NONE, NO_TREES),))
        known = counted(trees)
        context.checkpoint(0.3)
        alone = np.flatnonzero(trees.is_leaf & (known.records == 1)) if known.is_verified else np.zeros(0, dtype=np.int64)
        narrow = self._narrow(trees, alone, context.columns)
        context.checkpoint(0.6)
        checks = (_single(trees, known, alone), *self._pure(trees, known), self._boxes(trees, known, narrow))
        found = Disclosures(checks, _boxed(context, trees, np.unique(narrow.leaf)))
        context.checkpoint(1.0)
        return found

    def _pure(self, trees: Trees, known: Counted) -> tuple[Check, ...]:
        """Not of boosting, whose leaves hold corrections and no classes."""
        value = trees.value[trees.is_leaf]
        if value.shape[1] < 2 or (value < 0).any() or np.abs(value.sum(axis=1) - 1).max(initial=0) > 1e-6:
            return ()
        records = known.records[trees.is_leaf] if known.is_verified else np.full(len(value), np.nan)
        pure = (value.max(axis=1) > 1 - 1e-12) & (records < self.small)
        few = int((pure & (records < 3)).sum())
        sentence = (
            f"{int(pure.sum()):,} leaves hold fewer than {self.small} training records, all of one class: who knows that a person"
            " is among them knows the class."
            if pure.any()
            else f"No leaf of fewer than {self.small} training records is known to hold one class only."
        )
        details = {"leaves": float(pure.sum()), "leaves_below_3": float(few)}
        return (Check("pure-small-leaf", bool(pure.any()), Severity.HIGH if few else Severity.MODERATE, sentence, details),)

    def _narrow(self, trees: Trees, leaves: Places, columns: tuple[Column, ...]) -> Bounded:
        """Of the bounded features those that give a value away: below `width` of the range, or around one whole number."""
        found, ranges = bounded(trees, leaves), spans(trees)
        span = np.array([ranges[int(feature)] for feature in found.feature])
        whole = {c.name for c in columns if c.type is ColumnType.INTEGER}
        is_whole = np.array([_name(trees, int(feature), columns) in whole for feature in found.feature], dtype=bool)
        step = np.floor if trees.closed else np.ceil
        exact = is_whole & (step(found.high) - step(found.low) == 1)
        given = exact | (found.high - found.low < self.width * span)
        return Bounded(found.leaf[given], found.feature[given], found.low[given], found.high[given])

    def _boxes(self, trees: Trees, known: Counted, narrow: Bounded) -> Check:
        leaves = np.unique(narrow.leaf)
        in_tree = np.bincount(roots_of(trees, leaves), minlength=len(trees.starts) - 1)
        share = (
            float((in_tree / np.maximum(known.records[trees.starts[:-1]], 1)).max()) if known.is_verified and len(leaves) else 0.0
        )
        sentence = (
            f"{len(leaves):,} leaves of one training record give a value of it to within {self.width:.0%} of the range, or as one"
            f" whole number; in one tree alone they are {share:.1%} of the training records."
            if len(leaves)
            else "No leaf that is known to hold one training record gives a value of it away."
        )
        details = {"leaves": float(len(leaves)), "values": float(len(narrow.leaf)), "share_of_records": share}
        return Check("boxed-value", bool(len(leaves)), Severity.HIGH, sentence, details)


def _single(trees: Trees, known: Counted, alone: Places) -> Check:
    """Whoever holds the file knows that each of these boxes has one training record in it, and the answer it was given."""
    details: dict[str, float | str] = {"leaves": float(len(alone)), "trees": float(len(trees.starts) - 1), "counted": known.words}
    if not known.is_verified:
        return Check("single-record-leaf", None if known.may_be_one else False, Severity.HIGH, known.sentence, details)
    if not len(alone):
        smallest = float(np.nanmin(known.records[trees.is_leaf]))
        sentence = f"No leaf holds a single training record; the smallest holds {smallest:,.0f}."
        return Check("single-record-leaf", False, Severity.HIGH, sentence, details)
    sentence = f"{len(alone):,} leaves hold one training record each, and print the answer that it was given."
    return Check("single-record-leaf", True, Severity.HIGH, sentence, details)


def _boxed(context: Context, trees: Trees, leaves: Places) -> tuple[int, ...] | None:
    """The candidates in these leaves, ascending; None where records cannot be sent down the trees."""
    if context.candidates is None or not len(leaves):
        return None
    matrix = matrix_of(context.candidates.features, context.columns, trees)
    if matrix is None:
        return None
    inside = np.zeros(len(matrix), dtype=bool)
    for tree in range(len(trees.starts) - 1):
        inside |= np.isin(leaves_of(trees, matrix, tree), leaves)
    return tuple(map(int, np.flatnonzero(inside)))


def _name(trees: Trees, feature: int, columns: tuple[Column, ...]) -> str:
    if feature < len(trees.features):
        return trees.features[feature]
    return columns[feature].name if not trees.features and feature < len(columns) else ""
