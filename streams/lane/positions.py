"""Where each partition is read next, and up to where it is done."""

import logging
from collections.abc import Sequence

from aiokafka.structs import ConsumerRecord
from faust.types import TP

log = logging.getLogger(__name__)


class Positions:
    """Sees to it that no offset is skipped and none is handed out twice within one assignment.

    The offset that is committed is a watermark: it says that everything below it is done. A skipped record would be
    lost for good under it, so records are handed out only if they join on to those before.
    """

    def __init__(self) -> None:
        self._next: dict[TP, int] = {}
        self._done: dict[TP, int] = {}
        self._real_gaps: dict[TP, tuple[int, int]] = {}
        self._generation: int | None = None

    def begin(self, generation: int) -> None:
        """Forget every partition if the group has rebalanced since the last call.

        A recovery that ends late lets records flow once more after `clear`, under the old generation. They are turned
        away, and must not count as handed out under the new one.
        """
        if generation != self._generation:
            self.clear()
            self._generation = generation

    def clear(self) -> None:
        """Forget every partition: the group rebalances."""
        self._next.clear()
        self._done.clear()
        self._real_gaps.clear()

    def start(self, tp: TP, offset: int) -> int:
        """Note at which offset reading begins, unless it has begun; return the offset to read next."""
        return self._next.setdefault(tp, offset)

    def skipped_to(self, tp: TP, records: Sequence[ConsumerRecord]) -> int | None:
        """Return the offset to go back to when records before these are missing, else None.

        A gap that is still there after going back is real (expired, compacted, or taken by transaction markers).
        """
        expected, first = self._next.get(tp), records[0].offset
        if expected is None or first <= expected:
            return None
        if self._real_gaps.get(tp) == (expected, first):
            log.warning("%s: offsets %d to %d are no longer on the broker", _name(tp), expected, first - 1)
            return None
        self._real_gaps[tp] = (expected, first)
        log.warning("%s: fetched from %d where %d is next, reading again", _name(tp), first, expected)
        return expected

    def unread(self, tp: TP, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
        """Return those of the records that were not handed out before, and count them as handed out.

        None are, before `start` has named the offset: the consumer is about to be placed there and will fetch anew.
        """
        expected = self._next.get(tp)
        if expected is None:
            return ()
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
        if records:
            self._next[tp] = records[-1].offset + 1
        return records

    def finish(self, tp: TP, last: int) -> None:
        """Note that everything up to and including the offset `last` is done."""
        self._done[tp] = last + 1

    def done(self, tp: TP) -> int | None:
        """Return the offset below which everything is done, None if nothing was since the assignment."""
        return self._done.get(tp)

    def finished(self) -> tuple[TP, ...]:
        """Return the partitions of which something is done."""
        return tuple(self._done)


def _name(tp: TP) -> str:
    return f"{tp.topic}/{tp.partition}"
