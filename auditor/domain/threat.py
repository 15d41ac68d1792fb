"""Threat models: what an adversary sees of the target's answers and knows of the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.domain.target import Output


class Sees(StrEnum):
    """Ordered: an adversary who sees more also sees everything before it. `nothing` marks a baseline without the model."""

    NOTHING = "nothing"
    LABELS = "labels"
    TOP_K = "top-k"
    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    PARAMETERS = "parameters"

    @property
    def rank(self) -> int:
        return list(Sees).index(self)


class Knows(StrEnum):
    POPULATION = "population"
    CANDIDATES = "candidates"
    LEARNER = "learner"
    TRUE_LABEL = "true_label"
    OTHER_ATTRIBUTES = "other_attributes"
    TRAINING_SIZE = "training_size"
    OTHER_RECORDS = "other_records"


EXPLAINED = "counterfactuals"

PLAIN_WORDS: Mapping[str, str] = {
    Sees.NOTHING: "never asks the model",
    Sees.LABELS: "sees only the predicted label",
    Sees.TOP_K: "sees the top few probabilities",
    Sees.PROBABILITIES: "sees the predicted probabilities",
    Sees.LOGITS: "sees the raw scores",
    Sees.PARAMETERS: "sees the model's parameters",
    Output.VALUE: "sees the predicted value",
    EXPLAINED: "is told the nearest record of another class",
    Knows.POPULATION: "has records from the same population",
    Knows.CANDIDATES: "has the full records in question",
    Knows.LEARNER: "knows the kind of model and its settings",
    Knows.TRUE_LABEL: "knows the true label of each record",
    Knows.OTHER_ATTRIBUTES: "knows every other attribute of the person",
    Knows.TRAINING_SIZE: "knows how many records were trained on",
    Knows.OTHER_RECORDS: "has every training record but one, with its label",
}


@dataclass(frozen=True)
class ThreatModel:
    """`or_value`, `or_top_k`, `or_labels`: the same adversary can also work on a target that answers one number for a record, the
    top few probabilities only, or labels only. `explained`: asks for counterfactuals beside the answers."""

    sees: Sees
    knows: frozenset[Knows] = frozenset()
    or_value: bool = False
    or_top_k: bool = False
    or_labels: bool = False
    explained: bool = False

    def seen(self, output: Output) -> str:
        """What this adversary sees of a target that answers `output`, in one word."""
        makes_do = {Output.VALUE: self.or_value, Output.TOP_K: self.or_top_k, Output.LABELS: self.or_labels}
        return str(output if makes_do.get(output) else self.sees)

    def in_words(self, output: Output | None = None) -> str:
        """One sentence for people who do not know the field; before a target that answers `output`, if it is known."""
        known = self.knows - {Knows.CANDIDATES} if Knows.OTHER_ATTRIBUTES in self.knows else self.knows  # one is what it is after
        parts = [
            PLAIN_WORDS[self.sees if output is None else self.seen(output)],
            *([PLAIN_WORDS[EXPLAINED]] if self.explained else []),
            *(PLAIN_WORDS[k] for k in Knows if k in known),
        ]
        return "An adversary who " + ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] + "."

    def is_met_by(self, output: Output) -> bool:
        """Does a target that answers `output` show at least what this adversary needs?"""
        if self.sees is Sees.NOTHING:
            return True
        if output is Output.VALUE:
            return self.or_value
        if (output is Output.TOP_K and self.or_top_k) or (output is Output.LABELS and self.or_labels):
            return True
        return self.sees.rank <= Sees(output.value).rank
