"""Single records: who can be named as a member of this model, and who is exposed whichever model is trained."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.domain.finding import Exposure
from auditor.scoring import discoveries, thresholds
from auditor.scoring.blind_features import blind_table
from auditor.scoring.discoveries import FDR
from auditor.scoring.grading import Grading
from auditor.scoring.intervals import clopper_pearson
from auditor.scoring.shares import percent
from auditor.scoring.vulnerability import (
    FEWEST,
    Rows,
    ShadowSignals,
    Vulnerability,
    limits,
    rank_correlation,
    rank_limits,
    tpr_of,
    vulnerability,
)

__all__ = ["ShadowSignals", "assess_exposure", "outlier_ranks"]

LISTED, MOST_LISTED = 50, 1_000
Mask = NDArray[np.bool_]
Table = dict[str, NDArray[np.generic]]


def assess_exposure(
    evidence: MembershipScores, is_member: Mask, signals: ShadowSignals | None, outliers: Rows | None, grading: Grading
) -> tuple[Exposure, Table] | None:
    """The counts, and a table of the most exposed candidates: equally long columns, the most exposed first.

    Without pseudo-targets there is nothing to calibrate a claim about one record with: None. `signals` of 64 shadows or more add
    how exposed each record is to training of this kind; `outliers` (n,) are `outlier_ranks`. All are about the n records that the
    attack was tried on. Columns: `row` (place among these), `is_member`, `score`, `p_value`, `q_value`, `named`; from 64 shadows
    `rank`, `rank_low`, `rank_high`, `gap`, `gap_low`, `gap_high`, `tpr`, `gap_p_value`, `gap_q_value`, `memorisation`,
    `memorisation_error`; with outliers `outlier_rank`.
    """
    if not len(evidence.pseudo_targets):
        return None
    checked = thresholds.checked(evidence, is_member)
    p = discoveries.p_values(checked)
    named = discoveries.named(p, FDR * grading.look_share)  # names are told at whichever look the audit stops
    found = vulnerability(signals) if signals is not None and len(signals) >= FEWEST else None
    rows = _listed(checked.target, p, named, found)
    table: Table = {"row": rows, "is_member": is_member[rows], "score": checked.target[rows]}
    table |= {"p_value": p[rows], "q_value": discoveries.q_values(p)[rows], "named": named[rows]}
    if found is not None:
        rate = thresholds.headline_rate(int((~is_member).sum())) or max(thresholds.NEEDED)
        table |= _vulnerable(found, rows, rate, grading.seed)
    if outliers is not None:
        table["outlier_rank"] = outliers[rows]
    sentence = " ".join([_names(named, is_member), _training(signals, found), *_unlike(found, outliers)])
    stability = None if found is None else found.stability
    return Exposure(FDR, int((named & is_member).sum()), int(is_member.sum()), stability, sentence), table


def outlier_ranks(features: pd.DataFrame, labels: NDArray[np.intp], seed: int) -> Rows:
    """(n,) 1 for the record that is most unlike the others, whoever it was trained by (isolation forest, Liu et al. 2008)."""
    from sklearn.ensemble import IsolationForest

    encoded = blind_table(features, labels).linear
    if encoded.shape[1] == 0:
        return np.arange(1, len(labels) + 1)
    usual = IsolationForest(random_state=seed % 2**32).fit(encoded).score_samples(encoded)
    ranks = np.empty(len(usual), dtype=np.intp)
    ranks[np.argsort(usual, kind="stable")] = np.arange(1, len(usual) + 1)
    return ranks


def _listed(scores: NDArray[np.float64], p: NDArray[np.float64], named: Mask, found: Vulnerability | None) -> Rows:
    """All that were found, but at least 50 and at most 1,000 candidates, the most exposed first."""
    if found is None:
        order, count = np.lexsort((-scores, p)), int(named.sum())
    else:
        order, count = np.argsort(-found.gap, kind="stable"), int((found.q <= FDR).sum())
    return np.asarray(order[: min(MOST_LISTED, max(LISTED, count))])


def _vulnerable(found: Vulnerability, rows: Rows, rate: float, seed: int) -> Table:
    (low, high), (first, last) = limits(found, rows), rank_limits(found, rows, seed)
    table: Table = {"rank": np.arange(1, len(rows) + 1), "rank_low": first, "rank_high": last}
    table |= {"gap": found.gap[rows], "gap_low": low, "gap_high": high, "tpr": tpr_of(found.gap[rows], rate)}
    table |= {"gap_p_value": found.p[rows], "gap_q_value": found.q[rows]}
    extra: Mapping[str, NDArray[np.float64] | None] = {
        "memorisation": found.memorisation,
        "memorisation_error": found.memorisation_error,
    }
    return table | {name: values[rows] for name, values in extra.items() if values is not None}


def _names(named: Mask, is_member: Mask) -> str:
    right, wrong, members = int((named & is_member).sum()), int((named & ~is_member).sum()), int(is_member.sum())
    if not right + wrong:
        return f"No candidate can be named as a member with at most {percent(FDR, 0)} of names wrong."
    told = f"With at most {percent(FDR, 0)} of names wrong, {right:,} of {members:,} members can be named as such, one by one"
    if clopper_pearson(wrong, right + wrong).low > FDR:
        of_all = f"{wrong:,} of the {right + wrong:,} named are not members"
        return f"{told}; but {of_all}, more than promised: the shadow models differ from the target."
    return f"{told}; {wrong:,} of the {right + wrong:,} named are not members."


def _training(signals: ShadowSignals | None, found: Vulnerability | None) -> str:
    if found is None:
        have = 0 if signals is None else len(signals)
        return f"How exposed each record is to training of this kind takes {FEWEST} shadow models; there are {have}."
    count, n = int((found.q <= FDR).sum()), len(found.gap)
    return (
        f"Under training of this kind {count:,} of {n:,} candidates are measurably exposed "
        f"(at most {percent(FDR, 0)} of them by chance); "
        f"between two halves of the shadow models their ranks agree with a correlation of {found.stability:.2f}."
    )


def _unlike(found: Vulnerability | None, outliers: Rows | None) -> list[str]:
    if found is None or outliers is None:
        return []
    together = rank_correlation(found.gap, -outliers.astype(np.float64))
    return [f"Exposure and being unlike the other records go together with a rank correlation of {together:.2f}."]
