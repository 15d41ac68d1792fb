"""Training shadow models: many per call over one pool that is factorised once."""

from auditor.shadows.trainers import device, memory, remainder
from auditor.shadows.trainers.job import CPU, CUDA, Job, shadow_seed
from auditor.shadows.trainers.stored import SMALLEST, log_odds
from auditor.shadows.trainers.train import train, train_job

__all__ = ["CPU", "CUDA", "SMALLEST", "Job", "device", "log_odds", "memory", "remainder", "shadow_seed", "train", "train_job"]
