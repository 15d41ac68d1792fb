"""What an attack's success says about the epsilon of the training algorithm: lower bounds only. See docs/epsilon.md."""

from auditor.scoring.epsilon.clopper_pearson import ceiling
from auditor.scoring.epsilon.coin_flips import lower_bound
from auditor.scoring.epsilon.split_audit import empirical
from auditor.scoring.epsilon.verdict import answer, caveats

__all__ = ["answer", "caveats", "ceiling", "empirical", "lower_bound"]
