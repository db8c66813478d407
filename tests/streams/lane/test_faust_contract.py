"""Faust, mode and aiokafka are still what the lane was written against."""

import hashlib
import inspect
import pkgutil
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files

import pytest

VERSIONS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

# What the lane counts on: digests of the source that makes it so.
RELIANCES = {
    "getmany takes what is fetched and the live set of active partitions; its messages pass here": {
        "faust.transport.consumer:Consumer._wait_next_records": "6218e1969a63",
        "faust.transport.consumer:Consumer.getmany": "4b168d84882a",
        "faust.transport.consumer:Consumer._drain_messages": "44a2500309e8",
    },
    "a fetch outlives rebalances, returns what is not active, and can be undone by a seek": {
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.getmany": "26fc5fc9f3b6",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1",
        "aiokafka.consumer.fetcher:Fetcher.fetched_records": "be4348896b9b",
        "aiokafka.consumer.fetcher:Fetcher.seek_to": "f0ba6aba6c22",
    },
    "partitions without a committed offset are not moved, and _read_offset and _committed_offset are set": {
        "faust.transport.consumer:Consumer.perform_seek": "0e8c130ff4b0",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._seek_wait": "9d221e816d94",
        "aiokafka:AIOKafkaConsumer.seek_to_committed": "f6cd85c8b70a",
    },
    "the livelock detector looks at partitions by verify_all_partitions_active alone, which does nothing but log": {
        "faust.transport.consumer:Consumer._commit_livelock_detector.fun": "af196ff46fd4",
        "faust.transport.consumer:Consumer.verify_all_partitions_active": "4e0e46f5c297",
    },
    "acks pass through Consumer.ack; a commit asks for the partitions, then for the offset of each": {
        "faust.types.tuples:Message.ack": "4751b72c4ed8",
        "faust.types.tuples:ConsumerMessage.on_final_ack": "45d670b6a8ac",
        "faust.transport.consumer:Consumer.ack": "5fcf41cf4515",
        "faust.transport.consumer:Consumer.force_commit": "cc094614d22c",
        "faust.transport.consumer:Consumer._filter_committable_offsets": "dc5e9baf5d99",
        "faust.transport.consumer:Consumer._filter_tps_with_pending_acks": "f6f923977423",
        "faust.transport.consumer:Consumer._new_offset": "1d2c7ea89a7a",
        "faust.transport.consumer:Consumer._should_commit": "5ce941793947",
        "faust.transport.consumer:Consumer._commit_offsets": "1a6979904118",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "932852ce7a23",
    },
    "a rebalance and a stop first stop the flow, then await wait_empty, and only then give partitions up": {
        "faust.app.base:App._on_partitions_revoked": "d5c895bbe57d",
        "faust.app.base:App._stop_consumer": "55854a5de12c",
        "faust.app.base:App._consumer_wait_empty": "6bc313c48c06",
        "faust.transport.consumer:Consumer.on_partitions_revoked": "d04b7ae72c6f",
        "faust.transport.consumer:Consumer.wait_empty": "e4662fe24f09",
        "faust.transport.consumer:Consumer.on_stop": "45b1d2210ce2",
        "mode.utils.queues:FlowControlEvent": "1da8f905ab65",
    },
    "queues are made by the app and by the table manager, and are emptied when the flow resumes": {
        "faust.app.base:App.FlowControlQueue": "9451c49351ae",
        "faust.channels:Channel.queue.fget": "549dd774f3e3",
        "faust.tables.manager:TableManager.changelog_queue.fget": "9c7f4cac57ef",
    },
    "the settings of the worker's consumer, which the lane repeats but for fetch_max_wait_ms": {
        "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "0870ec53dea7",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_client_consumer": "0f3b78205255",
    },
    "the generation is the coordinator's, and -1 as soon as the group has dropped the worker": {
        "faust.transport.drivers.aiokafka:ConsumerRebalanceListener": "f3d04f29dfb3",
        "aiokafka.consumer.group_coordinator:GroupCoordinator.reset_generation": "537aa37c531b",
    },
    "the producer is started and stopped with the app, and takes _settings_extra": {
        "faust.transport.drivers.aiokafka:Producer._settings_default": "9c39987fb719",
        "faust.transport.drivers.aiokafka:Producer._settings_extra": "a4c7bc41b638",
        "faust.transport.drivers.aiokafka:Producer._new_producer": "e72355c3430e",
        "faust.transport.drivers.aiokafka:Producer._ensure_producer": "5592a4bbdf25",
        "faust.transport.drivers.aiokafka:Producer.on_start": "219c9a7a785d",
        "faust.transport.drivers.aiokafka:Producer.on_stop": "86799c5ab7b6",
    },
    "a record that is too large for a batch is taken when the batch is empty; batches of a partition stay in order": {
        "aiokafka:AIOKafkaProducer.send_batch": "bf42b0f0c5c0",
        "aiokafka.producer.message_accumulator:BatchBuilder": "8050802ca751",
        "aiokafka.producer.message_accumulator:MessageAccumulator.add_batch": "5ed1c5b1367a",
    },
    "recovery starts after persisted_offset and reads up to the highwaters, by message offsets": {
        "faust.tables.recovery:Recovery._add": "1584a197b11b",
        "faust.tables.recovery:Recovery.on_rebalance": "aa4d997a1795",
        "faust.tables.recovery:Recovery._restart_recovery.fun": "6bd8a8558a2d",
        "faust.tables.recovery:Recovery._slurp_changelogs.fun": "7825c7e50f76",
        "faust.tables.recovery:Recovery.need_recovery": "fd1dc345b5d5",
        "faust.tables.recovery:Recovery._build_highwaters": "91b4cc0d3724",
        "faust.tables.recovery:Recovery._build_offsets": "27eec86be06c",
        "faust.tables.recovery:Recovery._seek_offsets": "19598ca63d94",
        "faust.tables.recovery:Recovery.on_recovery_completed": "6ef567acf072",
    },
    "a table makes its store by _new_store and tells it by what LaneStore overrides": {
        "faust.tables.base:Collection.__init__": "95568fc09c76",
        "faust.tables.base:Collection._new_store": "914a2bda605d",
        "faust.tables.base:Collection.persisted_offset": "d473d3ab3fd6",
        "faust.tables.base:Collection.apply_changelog_batch": "b980a78d3ae9",
        "faust.tables.base:Collection.on_recovery_completed": "b1526fb39ea0",
        "faust.tables.base:Collection._new_changelog_topic": "77bea64b59f7",
        "faust.stores.memory:Store": "83ceb1145af0",
        "faust.tables.manager:TableManager.on_start": "365dd25fbc0e",
        "faust.tables.manager:TableManager._update_channels": "88e3941facc9",
        "faust.transport.conductor:Conductor._subscriber.fun": "2a7908583404",
    },
    "a topic decodes by its schema's compile, and a stream skips messages of another generation": {
        "faust.topics:Topic._compile_decode": "6474178f8c21",
        "faust.transport.conductor:Conductor._build_handler": "5c071d127798",
        "faust.streams:Stream.noack": "921a6f5c674d",
        "faust.streams:Stream.events": "c62f4dd3a73f",
    },
    "the app makes its transport by _new_transport; its first start only makes directories": {
        "faust.app.base:App._new_transport": "42db531312dd",
        "faust.app.base:App._new_producer_transport": "eb3b4aa6a896",
        "faust.app.base:App.on_first_start": "ec655d9c2234",
        "faust.app.base:BootStrategy._should_enable_web": "2b6c66a4448a",
    },
    "a task that raises crashes the app, a crash stops the worker, its threads too, and the worker ends non-zero": {
        "mode.services:Service.crash": "14980000465d",
        "mode.services:Service._execute_task": "2a976a30f01c",
        "mode.threads:ServiceThread._serve": "67809eae0957",
        "mode.worker:Worker.execute_from_commandline": "212e98f635d7",
        "mode.worker:Worker._shutdown_loop": "6ad3b1129015",
    },
}
COMPILED = {
    ("faust._cython", "streams.pyx"): "0041622f4a25",
    ("faust.transport._cython", "conductor.pyx"): "dde1f9742678",
}
REMEDY = "read docs/lane.md, check that it still holds, run tests/streams/lane on both brokers, then update this"


def reliances() -> Iterator[tuple[str, str, str]]:
    for reliance, members in RELIANCES.items():
        for name, known in members.items():
            yield name, known, reliance


@pytest.mark.parametrize(("package", "known"), VERSIONS.items())
def test_the_versions_are_those_verified(package: str, known: str) -> None:
    """The installed versions are those that the lane was verified with."""
    assert version(package) == known, REMEDY


@pytest.mark.parametrize(("name", "known", "reliance"), list(reliances()))
def test_what_the_lane_relies_on_is_unchanged(name: str, known: str, reliance: str) -> None:
    """Every private part that the lane overrides, repeats or counts on has the source it was written against."""
    source = inspect.getsource(pkgutil.resolve_name(name))
    assert digest(source.encode()) == known, f"{name} has changed; the lane counts on this: {reliance}; {REMEDY}"


@pytest.mark.parametrize(("place", "known"), COMPILED.items())
def test_the_compiled_parts_are_unchanged(place: tuple[str, str], known: str) -> None:
    """Faust's Cython loops, which stand in for what is read in its Python files, have not changed either."""
    package, name = place
    source = files(package).joinpath(name).read_bytes()
    assert digest(source) == known, f"{package}/{name} has changed: messages pass through it untouched; {REMEDY}"


def digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()[:12]
