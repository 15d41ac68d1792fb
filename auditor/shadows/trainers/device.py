"""What shadows are trained on: the processor, or a CUDA device through PyTorch for the learners that gain by it."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from auditor.domain.learner import Learner
from auditor.errors import InvalidInput
from auditor.learners import check, estimators
from auditor.shadows.trainers import network
from auditor.shadows.trainers.job import CPU, CUDA

SETTING = "AUDITOR_DEVICE"


def of(learner: Learner, wanted: str) -> str:
    """What shadows of this learner are trained on where `wanted` is set: networks alone leave the processor."""
    return wanted if network.is_adam(check(learner)) else CPU


def versions(learner: Learner, device: str) -> dict[str, str]:
    """Libraries, and for an accelerator its kind: all that decides the last digits of a shadow and belongs into its key. The same
    network trained on the processor is another one, and has the key that it had before there was a choice."""
    found = estimators.versions(check(learner))
    return found if device == CPU else found | {"device": device, "torch": _torch()}


def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "none"


def require(device: str) -> None:
    """Raises InvalidInput where this process cannot train on it."""
    if find_spec("torch") is None:
        raise InvalidInput(
            SETTING,
            f"shadow models of this audit are trained on {device} and PyTorch is not installed here; install it with:"
            f" pip install 'privacy-attack-auditor[deep]', or set {SETTING}=cpu and start the audit anew",
        )
    import torch

    if device == CUDA and not torch.cuda.is_available():
        raise InvalidInput(
            SETTING,
            f"shadow models of this audit are trained on {device} and PyTorch finds no such device here; run workers where there is"
            f" one, or set {SETTING}=cpu and start the audit anew",
        )
