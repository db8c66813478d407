"""When a contestant that runs on Faust begins to work."""

from typing import Any

import faust

from bench.contestants.marks import mark


class FirstEvent(faust.Sensor):
    """Marks when the first event, or batch of events, reaches an agent."""

    seen = False

    def on_stream_event_in(self, *_: Any) -> None:
        if not self.seen:
            self.seen = True
            mark("first")
