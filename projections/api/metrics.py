"""What Prometheus scrapes: how the API does, and what the tables and the log say."""

import time
from http import HTTPMethod
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.metrics import SIZES
from projections.progress import Decisions


class Metrics:
    """The metrics of one API."""

    def __init__(self) -> None:
        """Register them, in a registry of their own."""
        self._registry: Final = CollectorRegistry()
        self._seconds: Final = self._add(
            Histogram, "autoheal_api_seconds", "From request to the first byte", ["method", "route", "status"]
        )
        self.published: Final = self._add(
            Histogram, "autoheal_api_published_events", "Events published by one request", buckets=SIZES
        )
        self.streams: Final = self._add(Gauge, "autoheal_api_streams", "Clients that follow the heals")
        self._lag: Final = self._add(Gauge, "autoheal_lag_records", "Records that the tables lack; NaN: unknown")
        self._failures: Final = self._add(
            Gauge, "autoheal_failures", "Failures in the tables, by decision", ["category", "decision", "reason"]
        )

    def exposition(self, lag: int | None, decisions: Decisions) -> bytes:
        """Return all of them as Prometheus reads them.

        Args:
            lag: Records that the tables lack, None when unknown.
            decisions: Category, decision, suppression reason and how many failures.
        """
        self._lag.set(float("nan") if lag is None else lag)
        self._failures.clear()
        for category, decision, reason, count in decisions:
            self._failures.labels(category, decision or "pending", reason or "").set(count)
        return generate_latest(self._registry)

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Wrap an application so that its requests are timed."""

        async def timed(scope: Scope, receive: Receive, send: Send) -> None:
            started = time.perf_counter()

            async def observed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # Not what was asked for, which is without bounds, but the route that took it.
                    route = getattr(scope.get("route"), "path", "")
                    method = scope["method"] if scope["method"] in HTTPMethod.__members__ else "other"
                    seconds = self._seconds.labels(method, route, message["status"])
                    seconds.observe(time.perf_counter() - started)
                await send(message)

            await app(scope, receive, observed if scope["type"] == "http" else send)

        return timed

    def _add(self, kind: Any, *about: Any, **options: Any) -> Any:
        return kind(*about, registry=self._registry, **options)


MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
