"""Prometheus metrics: requests, latency, lines and characters by label and action, the model that serves."""

import os
from collections import Counter as Counts
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from moderation.result import Result

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which several processes add up their metrics; `moderation serve` sets it for its workers."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods that get a label of their own."""


class Metrics:
    """The service's own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        shared = SHARED in os.environ
        own = self.registry
        self.requests = Counter(
            "moderation_requests_total",
            "Requests by route, method and status",
            ("route", "method", "status"),
            registry=own,
        )
        self.seconds = Histogram(
            "moderation_request_seconds",
            "Seconds from the first byte to the last",
            ("route",),
            buckets=BUCKETS,
            registry=own,
        )
        self.texts = Counter("moderation_texts_total", "Texts judged", ("policy",), registry=own)
        self.lines = Counter(
            "moderation_lines_total", "Lines judged, by label and action", ("label", "action"), registry=own
        )
        self.chars = Counter(
            "moderation_characters_total",
            "Characters of lines judged, by label and action",
            ("label", "action"),
            registry=own,
        )
        self.waiting = Gauge(
            "moderation_waiting_texts",
            "Texts that wait or are being judged",
            ("lane",),
            multiprocess_mode="livesum",
            registry=own,
        )
        self.model = Gauge(
            "moderation_model_info",
            "1 for what serves",
            ("model", "policy"),
            multiprocess_mode="livemostrecent",
            registry=own,
        )
        self.swaps = Counter(
            "moderation_swaps_total", "Swaps of model or policy, by outcome", ("outcome",), registry=own
        )
        for outcome in ("done", "refused"):
            self.swaps.labels(outcome)  # there from the start, so that a rate can be told
        self._shared = shared
        self._pairs: dict[tuple[str, str], tuple[Counter, Counter]] = {}
        self._announced: set[tuple[str, str]] = set()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        if not self._shared:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def count(self, results: Sequence[Result]) -> None:
        """What was judged, under one policy; from any thread."""
        lines: Counts[tuple[str, str]] = Counts()
        chars: Counts[tuple[str, str]] = Counts()
        for result in results:
            for label, action, n_lines, n_chars in result.totals():
                lines[label, action] += n_lines
                chars[label, action] += n_chars
        self.texts.labels(results[0].policy).inc(len(results))
        for pair, number in lines.items():
            of_lines, of_chars = self._of_pair(*pair)
            of_lines.inc(number)
            of_chars.inc(chars[pair])

    def _of_pair(self, label: str, action: str) -> tuple[Counter, Counter]:
        """The counters of a label and an action; looking them up is most of what counting costs."""
        found = self._pairs.get((label, action))
        if found is None:
            found = self._pairs[label, action] = (self.lines.labels(label, action), self.chars.labels(label, action))
        return found

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request; on the event loop."""
        self.requests.labels(route, method if method in METHODS else "other", status).inc()
        self.seconds.labels(route).observe(seconds)

    def serves(self, model: str, policy: str) -> None:
        """What serves from now on; what did before is 0."""
        for old in self._announced:
            self.model.labels(*old).set(0)
        self._announced = {(model, policy)}
        self.model.labels(model, policy).set(1)
