"""What each process counts of the requests that it answers."""

from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 5.0, 15.0)
OURS = CollectorRegistry()
REQUESTS = Counter("pons_requests", "Requests answered", ("route", "method", "status"), registry=OURS)
SECONDS = Histogram(
    "pons_request_seconds", "Seconds until an answer", ("route", "method"), registry=OURS, buckets=BUCKETS
)
REFUSED_WRITES = Counter("pons_writes_refused", "Requests that could not be saved", registry=OURS)
