"""The same as a Faust user would write it from the docs: `python -m bench.contestants.idiomatic_faust BOOTSTRAP`."""

import sys
from datetime import UTC, datetime
from typing import Any

import faust

from bench.contestants.deciding import Deciding
from bench.contestants.first_event import FirstEvent
from bench.contestants.marks import mark
from bench.mix import PARTITIONS
from events import Topics, decode, encode, key_of
from streams.control import load_control
from streams.heal import HEAL
from streams.work import WORK


def build_app(bootstrap: str) -> faust.App:
    """Return an app with Faust's own defaults, but for the timeouts without which the embedded broker joins in 30 s."""
    app = faust.App(
        "idiomatic",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        topic_partitions=PARTITIONS,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=6.0,
        web_enabled=False,
    )
    control = load_control()
    topics = Topics()

    def topic(*names: str) -> Any:
        return app.topic(*map(topics.named, names), key_serializer="raw", value_serializer="raw")

    def table(name: str) -> Any:
        return app.Table(name, schema=faust.Schema(key_type=str, value_type=bytes, value_serializer="raw"))

    def install(source: Any, rows: Any, deciding: Deciding, output: Any) -> None:
        @app.agent(source, name=rows.name)
        async def handle(stream: Any) -> None:
            async for received in stream.events():
                event = decode(received.value)
                key = deciding.key(event)
                if key is None:
                    continue
                logged_at = datetime.fromtimestamp(received.message.timestamp, UTC)
                row, emits = deciding.decide(event, logged_at, rows.get(key))
                if row is not None:
                    rows[key] = row
                for emit in emits:
                    await output.send(key=key_of(emit).encode(), value=encode(emit))

    failures, heals = topic("failures"), topic("heals")
    install(topic("tasks", "heals"), table("tasks"), Deciding(WORK, control), failures)
    install(topic("failures"), table("cooldowns"), Deciding(HEAL, control), heals)
    return app


def main(bootstrap: str) -> None:
    app = build_app(bootstrap)
    app.sensors.add(FirstEvent())
    worker = faust.Worker(app, loglevel="WARNING", quiet=True)
    worker.spinner = None  # it would draw between the marks
    try:
        worker.execute_from_commandline()
    finally:
        mark("stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
