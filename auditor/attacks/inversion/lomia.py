"""LOMIA: labels alone name some people's values, and these people teach a classifier about the others."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.cases import ONE, Cases, cases_of, scores_of
from auditor.attacks.inversion.completed import Attacked, Floats, ask
from auditor.attacks.inversion.completion import refuse_number
from auditor.attacks.inversion.imputation import KNOWN, fit_on
from auditor.attacks.inversion.marginals import log_marginals
from auditor.attacks.record_keys import record_keys
from auditor.domain.attack import Context, Needs, Scope
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.seeds import derive
from auditor.domain.threat import Sees, ThreatModel

FEWEST_TAUGHT = 20
CERTAIN = 1.0


@dataclass(frozen=True)
class Lomia(AttributeAttack):
    """Label-only attack of Mehnaz et al. 2022, section 4.2, with case 1 kept as it is found ("LOMIA + case 1"): records of which
    exactly one value gives the label train a classifier of the value from the other attributes and the label, which guesses the
    rest. Theirs is an ensemble of a commercial service; here it is gradient boosting, the same that imputes."""

    name: ClassVar[str] = "lomia"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, KNOWN)
    reference: ClassVar[str] = (
        "Mehnaz, Dibbo, Kabir, Li, Bertino: Are Your Sensitive Attributes Private? Novel Model Inversion Attribute Inference "
        "Attacks on Classification Models, USENIX Security 2022 (arXiv 2201.09370)"
    )

    def needs(self, scope: Scope) -> Needs:
        refuse_number(scope.sensitive, self.name)
        return super().needs(scope)

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V): probabilities of the trained classifier, and 1 more for the value of a record in case 1."""
        attacked = ask(context, self.records)
        found = cases_of(attacked, derive(context.seed, "ties"))
        context.checkpoint(0.7)
        taught = _taught(context, attacked, found)
        context.checkpoint(1.0)
        certain = scores_of(found.claimed, np.where(found.case == ONE, CERTAIN, 0.0), len(attacked.sensitive.values))
        return AttributeGuesses(attacked.sensitive, attacked.rows, taught + certain, found.case)


def _taught(context: Context, attacked: Attacked, found: Cases) -> Floats:
    """(m, V) probabilities from the records in case 1; the marginals where they are too few or all of one value."""
    chosen = np.flatnonzero(found.case == ONE)
    chosen = chosen[np.argsort(record_keys(attacked.records.features.iloc[chosen]), kind="stable")]
    if len(chosen) < FEWEST_TAUGHT or len(np.unique(found.claimed[chosen])) < 2:
        marginals = np.exp(log_marginals(attacked.auxiliary, attacked.sensitive))
        return np.tile(marginals, (len(attacked.rows), 1))
    seed = derive(context.seed, "taught")
    taught = fit_on(attacked.records.take(chosen), found.claimed[chosen], attacked.sensitive, context.columns, seed)
    return np.asarray(np.exp(taught.log_probabilities(attacked.records)))
