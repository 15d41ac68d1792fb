"""How work reaches a worker: a message that carries one step id, and nothing else.

A message is only a wake-up call. What is to be done stands in the step table, so a message that is lost, doubled or forged
costs time and changes no result: `tick` delivers again what waits too long, and claiming a step twice is impossible.
"""

from auditor.dispatch.broker import CeleryDispatch
from auditor.dispatch.local import LocalDispatch
from auditor.dispatch.protocol import RUN_STEP, TICK, Dispatch

__all__ = ["RUN_STEP", "TICK", "CeleryDispatch", "Dispatch", "LocalDispatch"]
