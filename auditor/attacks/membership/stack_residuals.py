"""What the stacked attack reads about a model that answers a number: residuals in units of the OUT shadows' root mean square."""

import numpy as np

from auditor.attacks.membership import likelihood, rmia
from auditor.attacks.membership.pairs import Floats, Pairs
from auditor.attacks.membership.residuals import log_density, towards_truth
from auditor.attacks.membership.stack_features import PAIRS_FOR_VARIANCE, Pools, Reading, Seen, Table, standardised, table
from auditor.attacks.membership.variance import pooled

Columns = tuple[list[Floats], list[Floats]]


def reading(pools: Pools, rounding: float) -> Reading:
    """How models are read against this pool, from one signal: the signed residual."""
    unit = float(np.sqrt(pooled(pools[0].inside, pools[0].outside) + rounding**2))
    has_spread = len(pools[0]) > PAIRS_FOR_VARIANCE

    def read(seen: Seen, against: Pools) -> Table:
        observed, pairs = towards_truth(seen[0], against[0])
        rising, free = _means(observed, pairs, rounding)
        if has_spread:
            more, others = _spread(observed, pairs)
            rising, free = rising + more, free + others
        return table(rising, free, rising[0], (np.abs(pairs.inside.mean(axis=0)) - np.abs(observed)) / unit)

    return read


def _means(observed: Floats, pairs: Pairs, rounding: float) -> Columns:
    """Both forms of RMIA (the width of the density that of OUT residuals, or between IN and OUT), how near the truth the answer is,
    alone and beyond what is usual; residuals and means as they are, of which more is not always better."""
    inside, outside = pairs.inside.mean(axis=0), pairs.outside.mean(axis=0)
    between = float(np.sqrt(np.sqrt(np.mean(pairs.inside**2) * np.mean(pairs.outside**2)))) or 1.0
    ratios = [_ratio(observed, pairs, rounding, scale) for scale in (1.0, between)]
    near = -np.abs(observed)
    usual = np.abs(pairs.outside).mean(axis=0)
    return [*ratios, near, near + usual], [
        observed,
        observed - inside,
        observed - outside,
        inside,
        outside,
        inside - outside,
        usual,
    ]


def _ratio(observed: Floats, pairs: Pairs, rounding: float, scale: float) -> Floats:
    densities = Pairs(log_density(pairs.inside, rounding, scale), log_density(pairs.outside, rounding, scale))
    return rmia.online(log_density(observed, rounding, scale), densities)


def _spread(observed: Floats, pairs: Pairs) -> Columns:
    z_inside, v_inside = standardised(observed, pairs.inside)
    z_outside, v_outside = standardised(observed, pairs.outside)
    shared = likelihood.online_shrunk(observed, pairs, likelihood.of_both_sides(pairs))
    return [shared], [z_inside, z_outside, v_inside, v_outside]
