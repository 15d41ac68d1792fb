"""Names to models. A learner is chosen from a closed list; its preprocessing is part of the model and is fitted with it."""

from auditor.learners.closed_list import LEARNERS, USUAL, check
from auditor.learners.model import Model, build
from auditor.learners.value_model import ValueModel, build_for_values

__all__ = ["LEARNERS", "USUAL", "Model", "ValueModel", "build", "build_for_values", "check"]
