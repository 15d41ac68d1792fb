"""Names to models. A learner is chosen from a closed list; its preprocessing is part of the model and is fitted with it."""

from auditor.learners.bounds import LEARNERS, check
from auditor.learners.model import Model, build

__all__ = ["LEARNERS", "Model", "build", "check"]
