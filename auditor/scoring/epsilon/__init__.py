"""What an attack's success says about the epsilon of the training algorithm: lower bounds only. See docs/epsilon.md."""

from auditor.scoring.epsilon.clopper_pearson import ceiling as ceiling
from auditor.scoring.epsilon.coin_flips import lower_bound as lower_bound
from auditor.scoring.epsilon.split_audit import empirical as empirical
from auditor.scoring.epsilon.verdict import answer as answer
from auditor.scoring.epsilon.verdict import caveats as caveats
