"""The one door to the target: ledger, spend, rate, transport, record, in this order."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.target import Output, Profile
from auditor.querying.answers import answers
from auditor.querying.asking import Checkpoint, Door, go_on
from auditor.querying.batches import Course
from auditor.querying.digests import first_rows, record_digests
from auditor.querying.ledger import Ledger
from auditor.querying.rate import Rate
from auditor.querying.reply import Reply
from auditor.querying.transport import Transport

Answers = NDArray[np.float64]


class QueryClient:
    """Calling it answers a frame of n records with (n, C) numbers; a record that was answered before is free."""

    def __init__(
        self, transport: Transport, ledger: Ledger, profile: Profile, rate: Rate | float = 0.0, checkpoint: Checkpoint = go_on
    ) -> None:
        self._door = Door(transport, ledger, rate if isinstance(rate, Rate) else Rate(rate), checkpoint)
        self.profile = profile

    def __call__(self, frame: pd.DataFrame) -> Answers:
        """Raises BudgetExhausted, Cancelled or a TargetError; answers that arrived before it are recorded."""
        digests = record_digests(frame)
        first = first_rows(digests)
        known = self._door.ledger.answered(list(first))
        result = np.full((len(frame), self._width), np.nan)
        for digest, answer in known.items():
            result[first[digest]] = answer

        def keep(rows: NDArray[np.intp], reply: Reply) -> None:
            result[rows] = answers(reply, self.profile)
            self._door.ledger.record([digests[row] for row in rows.tolist()], result[rows])

        unknown = sorted(row for digest, row in first.items() if digest not in known) if known else sorted(first.values())
        Course(self._door, frame, self.profile.batch_size, keep).run(np.array(unknown, dtype=np.intp))
        return result if len(first) == len(digests) else result[[first[digest] for digest in digests]]

    def fresh(self, frame: pd.DataFrame) -> Answers:
        """The same numbers asked anew, repeated records and all: spent, not looked up, not recorded."""
        result = np.full((len(frame), self._width), np.nan)

        def keep(rows: NDArray[np.intp], reply: Reply) -> None:
            result[rows] = answers(reply, self.profile)

        Course(self._door, frame, self.profile.batch_size, keep).run(np.arange(len(frame)))
        return result

    @property
    def _width(self) -> int:
        return 1 if self.profile.output is Output.VALUE else len(self.profile.classes)
