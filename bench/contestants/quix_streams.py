"""The same as a Quix Streams app: `python -m bench.contestants.quix_streams BOOTSTRAP`."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

from quixstreams import Application, State
from quixstreams.models import Serializer

from bench.contestants.deciding import Deciding
from bench.contestants.marks import mark
from events import CloudEvent, Topics, decode, encode, key_of
from streams.control import load_control
from streams.heal import HEAL
from streams.work import WORK

Handle = Callable[[bytes, bytes, int, Any, State], Sequence[CloudEvent]]


class EventSerializer(Serializer):
    """Writes events with the worker's own codec."""

    def __call__(self, value: CloudEvent, ctx: Any) -> bytes:  # noqa: ARG002 - as the library calls it
        return encode(value)


def build_app(bootstrap: str, state_dir: str) -> Application:
    """Return an app with the library's own defaults, but for the timeout without which a join takes 30 s here."""
    app = Application(
        broker_address=bootstrap,
        consumer_group="quix",
        auto_offset_reset="earliest",
        consumer_extra_config={"session.timeout.ms": 6000, "max.poll.interval.ms": 6000},
        state_dir=state_dir,
        loglevel="WARNING",
    )
    control = load_control()

    def topic(name: str) -> Any:
        return app.topic(
            Topics().named(name), key_serializer="str", value_deserializer="bytes", value_serializer=EventSerializer()
        )

    tasks, failures, heals = topic("tasks"), topic("failures"), topic("heals")
    # Without the way back from decisions to tasks, so less than the worker does: with it (`concat`) the library aligns
    # the two topics in time, and reaches a third of the speed.
    _install(app.dataframe(tasks), Deciding(WORK, control), failures)
    _install(app.dataframe(failures), Deciding(HEAL, control), heals)
    return app


def _install(stream: Any, deciding: Deciding, output: Any) -> None:
    stream.apply(_handler(deciding), stateful=True, metadata=True, expand=True).to_topic(output, key=key_of)


def _handler(deciding: Deciding) -> Handle:
    started = False

    def handle(value: bytes, _key: bytes, timestamp: int, _headers: Any, state: State) -> Sequence[CloudEvent]:
        nonlocal started
        if not started:
            started = True
            mark("first")
        event = decode(value)
        key = deciding.key(event)
        if key is None:
            return ()
        row, emits = deciding.decide(event, datetime.fromtimestamp(timestamp / 1000, UTC), state.get_bytes(key))
        if row is not None:
            state.set_bytes(key, row)
        return emits

    return handle


def main(bootstrap: str) -> None:
    with TemporaryDirectory() as state_dir:
        build_app(bootstrap, state_dir).run()
    mark("stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
