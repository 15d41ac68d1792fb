"""The likelihood of the known label under each value, alone or beside what the population makes likely."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.inversion.attribute_attack import AttributeAttack
from auditor.attacks.inversion.completed import ask
from auditor.attacks.inversion.imputation import KNOWN, fit_imputer
from auditor.domain.attack import Context
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.seeds import derive
from auditor.domain.threat import Sees, ThreatModel
from auditor.errors import InvalidInput

PRIORS = ("imputer", "none")


@dataclass(frozen=True)
class LikelihoodRatio(AttributeAttack):
    """`prior: imputer`: log p_imp(v | x_K, y) + log p_y(x_K, v), "BB.IP" of Jayaraman & Evans 2022, both weights 1. `prior: none`:
    log p_y(x_K, v) alone, "BB". The claim's confidence is the log-ratio to the next value."""

    prior: str = "imputer"

    name: ClassVar[str] = "likelihood-ratio"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PROBABILITIES, KNOWN)
    reference: ClassVar[str] = (
        "Jayaraman, Evans: Are Attribute Inference Attacks Just Imputation?, CCS 2022 (arXiv 2209.01292), section 4"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prior not in PRIORS:
            raise InvalidInput(f"attacks.{self.name}.prior", f"choose {' or '.join(PRIORS)}, not {self.prior!r}")

    def run(self, context: Context) -> AttributeGuesses:
        """Evidence with scores (m, V), log-probabilities up to a constant of the record."""
        attacked = ask(context, self.records)
        scores = attacked.answers.own
        if self.prior == "imputer":
            seed = derive(context.seed, "imputer")
            imputer = fit_imputer(attacked.auxiliary, attacked.sensitive, context.columns, seed)
            scores = scores + imputer.log_probabilities(attacked.records)
        context.checkpoint(1.0)
        return AttributeGuesses(attacked.sensitive, attacked.rows, scores)
