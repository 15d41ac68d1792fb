"""Would an attack on the missing record have found it, does it stay silent where none is missing, and were the others all there?"""

from auditor.domain.finding import Control, Estimate

WANTED = 0.95
MOST_LEFT = 0.5
"""Of one record's usual slope: where more is left, a claim is as far off as if another record were missing too."""


def known(rebuilt: float) -> Control:
    """A logistic regression whose training records are known."""
    if rebuilt >= WANTED:
        return Control(True, f"On a model whose training records are known the attack rebuilds {rebuilt:.0%} of them exactly.")
    return Control(
        False,
        f"On a model whose training records are known the attack rebuilds only {rebuilt:.0%} of them, so its silence on the real "
        "one means nothing.",
    )


def strangers(solved: float) -> Control:
    """A model that was fitted to all others, and to nobody else."""
    verb = "claims nobody" if solved == 0 else f"claims to rebuild {solved:.0%}"
    return Control(solved == 0, f"Of people whom a model was not fitted to the attack {verb}.")


def premise(left: float) -> Control:
    """`left`: the slope of the summed losses of all records that are known, in units of one record's."""
    figure = (Estimate("gradient_left", left),)
    if left <= MOST_LEFT:
        return Control(
            True, f"The training records explain the parameters: what is left is {left:.2g} of one record's share.", figure
        )
    return Control(
        False,
        f"The training records given do not explain the parameters (what is left is {left:.2g} times one record's share): some are "
        "missing, the fit stopped early, or it minimised something else; so nothing follows from finding little.",
        figure,
    )
