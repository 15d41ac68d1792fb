"""Counts in released trees: how many training records with the known label took the path that a value of the attribute leads to?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.completed import Floats
from auditor.attacks.inversion.completion import (
    attacked_rows,
    attribute_of,
    auxiliary_of,
    candidates_of,
    completions,
)
from auditor.attacks.inversion.imputation import KNOWN
from auditor.attacks.inversion.marginals import log_marginals
from auditor.attacks.inversion.tree_boxes import roots_of
from auditor.attacks.inversion.tree_records import counted
from auditor.attacks.inversion.tree_walk import leaves_of, matrix_of, reached
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.parameters import Trees
from auditor.domain.threat import Sees, ThreatModel
from auditor.errors import AttackFailed

FLOOR = 1e-12
NO_CLASSES = "Only trees whose leaves hold the classes of training records tell of attributes by counts; this model has none."
NO_COLUMNS = "The features of the trees are no columns of the records (an encoder stands before them, say)."


@dataclass(frozen=True)
class FredriksonCounts(AttributeAttack):
    """log p(v) + log of sum_i p_i phi_i(v) / sum_j p_j phi_j(v), "white-box with counts" of Fredrikson et al. 2015, section 4.

    i runs over the paths that x_K and the label are consistent with, j over all paths; p_i is the share of training records on path
    i, phi_i(v) 1 if the path is open to v. Of a leaf of several classes the records of the known label count. Of several trees the
    ratio is averaged: a tree whose sample lacks the record would veto its value in a sum of logs.
    """

    name: ClassVar[str] = "fredrikson-counts"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS, KNOWN)
    reference: ClassVar[str] = (
        "Fredrikson, Jha, Ristenpart: Model Inversion Attacks that Exploit Confidence Information and Basic Countermeasures, "
        "CCS 2015, section 4"
    )
    shows: ClassVar[str] = "whether a person's unknown value can be recovered from the counts in released trees"

    def needs(self, scope: Scope) -> Needs:
        return self.baseline.needs(scope)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), log-probabilities up to a constant of the record. Raises AttackFailed, with a sentence, for
        parameters that are no trees of classes with numbers of records, or whose features are no columns."""
        sensitive, auxiliary = attribute_of(context), auxiliary_of(context)
        rows = attacked_rows(context, self.records)
        attacked = candidates_of(context).take(rows)
        shares = shares_of(context)
        trees, label = _trees(context), _outputs(context)[attacked.labels]
        scores = np.tile(log_marginals(auxiliary, sensitive), (len(rows), 1))
        matrices = [
            matrix_of(frame, context.columns, trees) for frame in completions(attacked.features, sensitive, auxiliary.features)
        ]
        known = [matrix for matrix in matrices if matrix is not None]
        if len(known) < len(matrices):
            raise AttackFailed(NO_COLUMNS)
        varies = np.any([_differs(matrix, known[0]) for matrix in known], axis=0)
        for v, matrix in enumerate(known):
            context.checkpoint(v / len(known))
            scores[:, v] += np.log(_path_shares(trees, shares, matrix, label, varies))
        context.checkpoint(1.0)
        return AttributeGuesses(sensitive, rows, scores)


def _trees(context: Context) -> Trees:
    trees = context.parameters
    if not isinstance(trees, Trees):
        raise AttackFailed(NO_CLASSES)
    return trees


def shares_of(context: Context) -> Floats:
    """(N, C) of each node the training records of each class, as a share of those of its tree."""
    trees = _trees(context)
    leaf = trees.value[trees.is_leaf]
    if leaf.shape[1] < 2 or np.isnan(leaf).any() or (leaf < 0).any() or (leaf.sum(axis=1) <= 0).any():
        raise AttackFailed(NO_CLASSES)
    known = counted(trees)
    if not known.is_verified:
        raise AttackFailed(known.sentence)
    with np.errstate(invalid="ignore"):  # values of inner nodes, which nobody reads, may be 0 or missing
        classes = trees.value / trees.value.sum(axis=1, keepdims=True)
    whole = known.records[trees.starts[:-1]][roots_of(trees, np.arange(len(trees.feature)))]
    return np.asarray(np.where(trees.is_leaf, known.records / whole, 0.0)[:, None] * np.nan_to_num(classes))


def _outputs(context: Context) -> NDArray[np.intp]:
    """(C,) the place among the values of a leaf of each class of the target; in the same order where the names differ."""
    ours, theirs = context.profile.classes, _trees(context).classes
    if _trees(context).value.shape[1] != len(ours):
        raise AttackFailed(NO_CLASSES)
    return np.array([theirs.index(c) if set(theirs) == set(ours) else i for i, c in enumerate(ours)], dtype=np.intp)


def _differs(matrix: Floats, other: Floats) -> NDArray[np.bool_]:
    """(F,) the features that are not the same in both, missing cells being the same."""
    return np.asarray(((matrix != other) & ~(np.isnan(matrix) & np.isnan(other))).any(axis=0))


def _path_shares(trees: Trees, shares: Floats, matrix: Floats, label: NDArray[np.intp], varies: NDArray[np.bool_]) -> Floats:
    """(m,) for one value of the attribute: the records of the known label on the path of each record, over those on all paths that
    are open to the value; the mean over trees, at least FLOOR."""
    total = np.zeros(len(matrix))
    open_to = reached(trees, matrix[0], varies)
    for tree in range(len(trees.starts) - 1):
        nodes = slice(trees.starts[tree], trees.starts[tree + 1])
        everybody = float(shares[nodes][open_to[nodes]].sum())
        leaf = leaves_of(trees, matrix, tree)
        found = np.where(leaf < 0, 0.0, shares[leaf, label])
        total += found / max(everybody, FLOOR)
    return np.maximum(total / (len(trees.starts) - 1), FLOOR)
