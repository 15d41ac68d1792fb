"""Naming single records: how likely is so high a score without membership, and how many names are wrong among those given?"""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.evidence import MembershipScores
from auditor.scoring.intervals import Floats

FDR = 0.1


def p_values(evidence: MembershipScores) -> Floats:
    """(n,) (1 + OUT scores of the pseudo-targets that are at least as high) / (1 + OUT scores); ties count against the claim.

    Exact for a record that is exchangeable with the pseudo-targets' OUT records, whatever the scores (a conformal p-value; Bates
    et al. 2023 show that Benjamini-Hochberg keeps its rate on p-values that share a calibration set).
    """
    outsiders = np.sort(evidence.pseudo_targets[~evidence.membership])
    higher = len(outsiders) - np.searchsorted(outsiders, evidence.target, side="left")
    return np.asarray((1 + higher) / (1 + len(outsiders)))


def q_values(p: Floats) -> Floats:
    """(n,) the smallest false-discovery rate at which each would be named (Benjamini and Hochberg 1995)."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty_like(scaled)
    found[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(1.0, found)


def named(p: Floats, rate: float = FDR) -> NDArray[np.bool_]:
    """(n,) who can be named with a false-discovery rate of at most `rate`."""
    return q_values(p) <= rate + 1e-12
