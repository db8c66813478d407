"""Before anything talks to the broker: is it there, what can it do, and does it have our topics?"""

from autoheal.settings import Settings, SettingsError
from events.admin import TopicRefusedError, create_topics
from events.broker import Broker, probe
from events.topics import Topics


async def prepare_broker(settings: Settings) -> Broker:
    """Probe the broker and create the topics that it lacks.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.
        SettingsError: A topic cannot be used or created as the settings ask.
    """
    broker = await probe(settings.bootstrap_servers)
    await create_missing_topics(settings, broker)
    return broker


async def create_missing_topics(settings: Settings, broker: Broker) -> list[str]:
    """Create the topics that the broker lacks and return their names.

    Raises:
        BrokerUnreachableError: The broker is out of reach.
        SettingsError: A topic cannot be used or created as the settings ask.
    """
    try:
        return await create_topics(
            settings.bootstrap_servers,
            Topics(settings.topic_prefix).all(),
            partitions=settings.partitions,
            replication=settings.replication,
            broker=broker,
        )
    except TopicRefusedError as error:
        raise SettingsError(str(error)) from None
