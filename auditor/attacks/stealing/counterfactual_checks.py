"""Are a service's counterfactuals of another class, and the nearest? A few are asked about, and records just short of them."""

import numpy as np

from auditor.attacks.stealing.counterfactual_asking import Asking, Pair
from auditor.attacks.stealing.counterfactual_boxes import Room
from auditor.attacks.stealing.leaf_axes import Points
from auditor.errors import AttackFailed

CHECKED = 10
SHORT = 0.01
"""By how much of the way a record falls short of a counterfactual: a service may leave a small margin behind a threshold."""
SAME = (
    "The service's counterfactuals have the class of the record that they were asked for; check what target.counterfactual.record"
    " points to."
)


def checked_pairs(asking: Asking) -> str | None:
    """A sentence where the first counterfactuals are not the nearest, whatever the distance: a record between one of them and the
    record that was asked about has another class already. Raises AttackFailed where most are no counterfactuals at all."""
    pairs = asking.pairs[: min(CHECKED, asking.left // 2)]
    if not pairs:
        return None
    labels = np.array([pair.label for pair in pairs])
    asked = np.array([pair.answered for pair in pairs] + [_short_of(asking.room, pair) for pair in pairs])
    ends, shorter = np.split(asking.labels(asked), 2)
    same = int((ends == labels).sum())
    if same > len(pairs) / 2:
        raise AttackFailed(SAME)
    asking.is_opposite = not same
    early = int((shorter != labels).sum())
    said = []
    if same:
        said.append(f"{same} of {len(pairs)} counterfactuals that were asked about have the class of the record itself.")
    if early:
        said.append(
            f"The service's counterfactuals are not the nearest: short of {early} of {len(pairs)} that were asked about lies a"
            " record of another class."
        )
    return " ".join(said) or None


def _short_of(room: Room, pair: Pair) -> Points:
    """(d,) the counterfactual with the one cell changed least taken back: a number by SHORT of its way, a level to what it was."""
    axes = np.flatnonzero(pair.asked != pair.answered)
    axis = int(axes[np.argmin([_way(room, pair, int(j)) for j in axes])])
    short = pair.answered.copy()
    kind = room.axes.axes[axis]
    if not kind.is_ordered:
        short[axis] = pair.asked[axis]
        return short
    start, end = kind.values(np.array([pair.asked[axis], pair.answered[axis]])).tolist()
    low, high = sorted((int(pair.asked[axis]), int(pair.answered[axis])))
    back = -1 if pair.answered[axis] > pair.asked[axis] else 1
    place = int(np.clip(kind.position(end + SHORT * (start - end)), low, high))
    short[axis] = place if place != pair.answered[axis] else pair.answered[axis] + back
    return short


def _way(room: Room, pair: Pair, axis: int) -> float:
    """How far a cell was changed, as a share of its range; a level counts as all of it."""
    kind = room.axes.axes[axis]
    if not kind.is_ordered:
        return 1.0
    start, end = kind.values(np.array([pair.asked[axis], pair.answered[axis]])).tolist()
    return float(abs(end - start) / (room.widths[axis] or 1.0))
