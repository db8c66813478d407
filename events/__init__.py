"""The contract: every event, the codec, topics and keys, and the two clients people use.

It needs pydantic, orjson and aiokafka, and neither Faust nor SQL.
"""

from events.broker import BrokerUnreachableError
from events.categories import CATEGORIES, Category
from events.codec import EVENT_TYPES, MAX_EVENT_BYTES, Event, RefusedEventError, decode, encode
from events.dead_letters import RecordDeadLettered, RecordRedriven
from events.envelope import CloudEvent
from events.failures import Evidence, FailureDiagnosed
from events.heals import HealExpired, HealFailed, HealRequested, HealSucceeded, HealSuppressed
from events.publisher import Published, Publisher
from events.subscriber import subscribe
from events.tasks import (
    TaskCompleted,
    TaskCreated,
    TaskDeadlineExtended,
    TaskDecisionNeeded,
    TaskDuplicateDetected,
    TaskFailed,
    TaskProgressed,
    TaskRequested,
    TaskStarted,
    TaskTimedOut,
)
from events.topics import Topics, key_of, work_key

__all__ = [
    "CATEGORIES",
    "EVENT_TYPES",
    "MAX_EVENT_BYTES",
    "BrokerUnreachableError",
    "Category",
    "CloudEvent",
    "Event",
    "Evidence",
    "FailureDiagnosed",
    "HealExpired",
    "HealFailed",
    "HealRequested",
    "HealSucceeded",
    "HealSuppressed",
    "Published",
    "Publisher",
    "RecordDeadLettered",
    "RecordRedriven",
    "RefusedEventError",
    "TaskCompleted",
    "TaskCreated",
    "TaskDeadlineExtended",
    "TaskDecisionNeeded",
    "TaskDuplicateDetected",
    "TaskFailed",
    "TaskProgressed",
    "TaskRequested",
    "TaskStarted",
    "TaskTimedOut",
    "Topics",
    "decode",
    "encode",
    "key_of",
    "subscribe",
    "work_key",
]
