"""Training shadow models: many per call over one pool that is factorised once."""

from auditor.shadows.trainers import memory, remainder
from auditor.shadows.trainers.job import Job, shadow_seed
from auditor.shadows.trainers.stored import SMALLEST, log_odds
from auditor.shadows.trainers.train import train

__all__ = ["SMALLEST", "Job", "log_odds", "memory", "remainder", "shadow_seed", "train"]
