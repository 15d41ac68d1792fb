"""What a target may do to the client over a real connection on loopback: headers without end are cut off."""

import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType
from auditor.domain.target import Target
from auditor.errors import TargetError
from auditor.querying import Guard, http_transport
from auditor.testing.servers import Fault, ModelServer, Script


@pytest.mark.parametrize(
    "headers",
    [tuple((f"X-{n}", "y") for n in range(200)), (("X-Long", "y" * 70_000),), tuple((f"X-{n}", "y" * 60_000) for n in range(110))],
    ids=["many", "long", "many and long"],
)
def test_headers_are_capped_in_number_and_size(headers: tuple[tuple[str, str], ...]) -> None:
    frame = pd.DataFrame({"age": [30.0]})
    with ModelServer(lambda rows: [[0.5, 0.5]] * len(rows), script=Script([Fault(headers=headers)])) as server:
        guard = Guard(allow_loopback=True)
        transport = http_transport(Target(server.open_inference), (Column("age", ColumnType.NUMBER),), None, guard, timeout=5.0)
        with pytest.raises(TargetError) as refusal:
            transport.ask(frame)
        assert len(refusal.value.sentence) < 300
        assert transport.ask(frame).numbers is not None
