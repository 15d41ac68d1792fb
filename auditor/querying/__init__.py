"""The one door to the audited target. Everything else in the product asks through `QueryClient`."""

from auditor.querying.asking import Door
from auditor.querying.client import QueryClient
from auditor.querying.counterfactuals import CounterfactualClient
from auditor.querying.declared import check_target
from auditor.querying.digests import record_digests
from auditor.querying.endpoint import check_url
from auditor.querying.explaining import explaining_transport
from auditor.querying.guard import Guard, guard_of
from auditor.querying.in_process import EstimatorTransport, LabelsOnly, Paced, Rounded, TopK
from auditor.querying.ledger import Ledger, MemoryLedger
from auditor.querying.probe import probe, probe_through
from auditor.querying.rate import Rate
from auditor.querying.reply import Reply
from auditor.querying.transport import Transport, http_transport

__all__ = [
    "CounterfactualClient",
    "Door",
    "EstimatorTransport",
    "Guard",
    "LabelsOnly",
    "Ledger",
    "MemoryLedger",
    "Paced",
    "QueryClient",
    "Rate",
    "Reply",
    "Rounded",
    "TopK",
    "Transport",
    "check_target",
    "check_url",
    "explaining_transport",
    "guard_of",
    "http_transport",
    "probe",
    "probe_through",
    "record_digests",
]
