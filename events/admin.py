"""Topics: created with explicit settings, and never with another partition count than the rest."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from events.broker import Broker, BrokerUnreachableError

MAX_RECORD_BYTES: Final = 2 * 1024 * 1024
VISIBLE_S: Final = 30.0
# The log is the truth that every view is rebuilt from, so nothing of it expires unless an operator says so. All of it
# is spelled out because not every broker reports its defaults, and clients look for them.
SETTINGS: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": str(MAX_RECORD_BYTES),
}


class TopicRefusedError(RuntimeError):
    """A topic cannot be used or created as asked; the message says which and why."""


async def create_topics(
    bootstrap: str, names: Sequence[str], *, partitions: int, broker: Broker, replication: int = 1
) -> list[str]:
    """Create the topics that do not exist yet, and return when clients can see them.

    Where the broker can, it stamps records itself (`LogAppendTime`), which makes its clock the log's clock.

    Args:
        bootstrap: Address of the broker, `host:port`, several separated by commas.
        names: Topics that have to exist.
        partitions: Partitions of each; all are keyed alike, so equal keys meet only where the counts are equal.
        broker: What the broker can do, as `probe` found it.
        replication: Copies of each partition.

    Returns:
        The names that were created, in the order given.

    Raises:
        TopicRefusedError: A topic exists with another partition count, or the broker refuses to create one.
        BrokerUnreachableError: The broker is out of reach.
    """
    settings = SETTINGS | ({"message.timestamp.type": "LogAppendTime"} if broker.log_append_time else {})
    async with _admin(bootstrap) as admin:
        missing = _missing(names, partitions, await _partition_counts(admin))
        wanted = [NewTopic(name, partitions, replication, topic_configs=settings) for name in missing]
        answer = await admin.create_topics(wanted)
        created = [name for name, *refusal in answer.topic_errors if _is_new(name, *refusal)]
        await _until_visible(admin, missing)
    return [name for name in missing if name in created]


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(bootstrap) from error
    finally:
        await admin.close()


async def _partition_counts(admin: Any) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


def _missing(names: Iterable[str], partitions: int, counts: dict[str, int]) -> list[str]:
    for name in names:
        if counts.get(name, partitions) != partitions:
            raise TopicRefusedError(
                f"topic {name} has {counts[name]} partitions and not {partitions}: "
                f"set AUTOHEAL_PARTITIONS={counts[name]}, or another AUTOHEAL_TOPIC_PREFIX"
            )
    return [name for name in dict.fromkeys(names) if name not in counts]


def _is_new(name: str, code: int, reason: str | None) -> bool:
    error = for_code(code)
    if code and error is not TopicAlreadyExistsError:
        raise TopicRefusedError(f"the broker refuses to create topic {name}: {reason or error.description}")
    return not code


async def _until_visible(admin: Any, names: Sequence[str]) -> None:
    async with asyncio.timeout(VISIBLE_S):
        # Apache Kafka acknowledges a topic shortly before its brokers know of it, and gives no sign when they do.
        while not set(names) <= (await _partition_counts(admin)).keys():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)
