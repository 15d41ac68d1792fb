"""What the attacks on attributes share: how many records they attack, and the guess that they are held against."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.attacks.inversion.completed import completion_needs
from auditor.attacks.inversion.imputation import Imputation, check_records
from auditor.domain.attack import Family, Needs, Scope


@dataclass(frozen=True)
class AttributeAttack:
    """Attacks the first `records` candidates; the baseline guesses about the same ones."""

    records: int = 2_000

    name: ClassVar[str]
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "attribute"
    shows: ClassVar[str] = "whether a person's unknown value can be recovered from the model's answers"

    def __post_init__(self) -> None:
        check_records(f"attacks.{self.name}.records", self.records)

    @property
    def baseline(self) -> Imputation:
        return Imputation(self.records)

    def needs(self, scope: Scope) -> Needs:
        """Every attacked record once for each value. With fewer queries, fewer records are attacked, down to 50."""
        return completion_needs(scope, self.records)
