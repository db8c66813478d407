"""What the broker behind an address can and cannot do."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError, UnknownError, for_code
from aiokafka.protocol.transaction import InitProducerIdRequest

RETRY_S: Final = 0.1
PRODUCER_TTL_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Broker:
    """The abilities of a Kafka-protocol broker that change how its clients are set up."""

    name: str
    idempotent_producer: bool
    log_append_time: bool
    exact_end_offsets: bool


APACHE_KAFKA: Final = Broker("Apache Kafka", idempotent_producer=True, log_append_time=True, exact_end_offsets=True)
TANSU: Final = Broker("Tansu", idempotent_producer=False, log_append_time=False, exact_end_offsets=False)


class BrokerUnreachableError(ConnectionError):
    """No broker that speaks Kafka's protocol answered at an address in time."""

    def __init__(self, bootstrap: str) -> None:
        """Name the address and what to do about it, in one line."""
        super().__init__(
            f"no Kafka broker answers at {bootstrap}: start one with `autoheal dev`, "
            "or set AUTOHEAL_BOOTSTRAP_SERVERS to one that runs"
        )


async def probe(bootstrap: str, *, timeout: float = 5.0) -> Broker:  # noqa: ASYNC109 - callers say how long they wait
    """Find out which broker answers at an address, by asking it for a producer id.

    Every Kafka hands one out; Tansu's memory engine, the embedded broker, cannot, and that is how the two are told
    apart: what else differs between them cannot be asked without writing to the log.

    Args:
        bootstrap: One or more `host:port`, separated by commas.
        timeout: Seconds to wait for an answer at most; a refused connection is reported at once.

    Raises:
        BrokerUnreachableError: Nothing there answered in time.
    """
    try:
        with _quiet_client():
            async with asyncio.timeout(timeout):
                granted = await _grants_producer_ids(bootstrap)
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(bootstrap) from error
    return APACHE_KAFKA if granted else TANSU


async def _grants_producer_ids(bootstrap: str) -> bool:
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
        while True:
            answer = await client.send(client.get_random_node(), InitProducerIdRequest(None, PRODUCER_TTL_MS))
            error = for_code(answer.error_code)
            if not error.retriable:
                return error is not UnknownError
            await asyncio.sleep(RETRY_S)  # a broker that has just started still loads its producers' state
    finally:
        await client.close()


@contextmanager
def _quiet_client() -> Iterator[None]:
    """Keep aiokafka from logging what the caller is about to be told in one line."""
    logger = logging.getLogger("aiokafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
