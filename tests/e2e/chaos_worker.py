"""A worker that is meant to be killed: it takes messages from a folder and runs the steps they name, until SIGKILL."""

import os
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.domain.audit import Queue
from auditor.settings import Settings
from auditor.workflow import open_services, run_step

LOSES = 0.15
DOUBLES = 0.15


@dataclass
class LossyFolder:
    """A dispatch whose messages are files; some are lost and some are doubled."""

    folder: Path
    chance: random.Random

    def deliver(self, steps: Sequence[tuple[str, Queue]]) -> None:
        for step_id, _ in steps:
            fate = self.chance.random()
            for _ in range(0 if fate < LOSES else 2 if fate > 1 - DOUBLES else 1):
                unfinished = self.folder / f"{uuid.uuid4().hex}.part"
                unfinished.write_text(step_id)
                os.replace(unfinished, unfinished.with_suffix(".message"))

    def take(self) -> str | None:
        messages = sorted(self.folder.glob("*.message"))
        if not messages:
            return None
        chosen = self.chance.choice(messages)
        try:
            text = chosen.read_text()
            chosen.unlink()
        except FileNotFoundError:
            return None
        return text

    def close(self) -> None:
        pass


def work(settings: Settings, folder: Path, seed: int) -> None:
    """Never returns."""
    queue = LossyFolder(folder, random.Random(seed))
    services = open_services(settings, dispatch=queue)
    while True:
        step_id = queue.take()
        if step_id is None:
            time.sleep(0.01)
        else:
            run_step(services, step_id)
