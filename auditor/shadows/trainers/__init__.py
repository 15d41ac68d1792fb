"""Training shadow models: many per call over one pool that is factorised once."""

from auditor.shadows.trainers.loop import SMALLEST, log_odds, train

__all__ = ["SMALLEST", "log_odds", "train"]
