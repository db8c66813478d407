"""What a row contains of one source, so that nothing is taken twice after a crash and nothing is missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from streams.record import Coordinate, Position


@dataclass(frozen=True)
class Progress:
    """The coordinates of one source partition that a row contains.

    The highest alone would not do. A batch that comes again after a crash can say more than at first, when the agent
    has read another of its topics in between; what it adds stands among coordinates that the row has seen already.
    """

    settled: int = 0
    """Nothing below this offset will come for the first time any more."""
    beyond: tuple[Position, ...] = ()
    """What the row contains at or above it, in order."""

    @classmethod
    def stored(cls, raw: Mapping[str, Any]) -> Self:
        """Return the progress that a row of the changelog says."""
        return cls(raw["settled"], tuple((offset, index) for offset, index in raw["beyond"]))

    def contains(self, position: Position) -> bool:
        """Tell whether the row has taken what stands at a position."""
        if position[0] < self.settled:
            return True
        return bool(self.beyond) and position <= self.beyond[-1] and position in self.beyond

    def taking(self, coordinate: Coordinate) -> Self:
        """Return the progress with one more coordinate, and all settled that it says is settled."""
        settled = max(coordinate.settled, self.settled)
        moved = self.beyond and settled > self.settled
        kept = tuple(at for at in self.beyond if at[0] >= settled) if moved else self.beyond
        if coordinate.at[0] < settled:
            return type(self)(settled, kept)
        after = not kept or coordinate.at > kept[-1]
        return type(self)(settled, (*kept, coordinate.at) if after else tuple(sorted((*kept, coordinate.at))))

    def covers(self, other: Self) -> bool:
        """Tell whether this contains all that the other does."""
        return self.settled >= other.settled and all(map(self.contains, other.beyond))


NOTHING = Progress()
