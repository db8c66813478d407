"""A TCP proxy before a broker that can keep its clients' Produce requests from it."""

import asyncio
import struct
from typing import Final, Literal, Self

PRODUCE: Final = 0
LENGTH: Final = struct.Struct(">i")
API_KEY: Final = struct.Struct(">h")


class KafkaProxy:
    """Passes all requests on to a broker, except Produce requests while it is told to hold or swallow them.

    Clients stay with the proxy: wherever the broker answers with its own address, the proxy puts its own.
    """

    def __init__(self, target: str) -> None:
        """Set up a proxy for the broker at `target`, an IPv4 address as `host:port`."""
        self._host, port = target.split(":")
        self._port = int(port)
        self._mode: Literal["pass", "hold", "swallow"] = "pass"
        self._topic = b""
        self._released = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self.caught = asyncio.Event()
        """Set once a Produce request was held or swallowed."""

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to, `host:port`."""
        return f"{self._host}:{self._own_port}"

    def hold(self, topic: str = "") -> None:
        """Keep Produce requests that name a topic (any, if empty) until `release`, which then sends them."""
        self._catch("hold", topic)

    def swallow(self, topic: str = "") -> None:
        """Drop Produce requests that name a topic (any, if empty): the broker never sees them, nobody answers."""
        self._catch("swallow", topic)

    def release(self) -> None:
        """Pass everything on again, first what is held."""
        self._mode = "pass"
        self._released.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self._own_port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _catch(self, mode: Literal["hold", "swallow"], topic: str) -> None:
        self._mode, self._topic = mode, topic.encode()
        self._released.clear()
        self.caught.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._connect(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection(self._host, self._port)
        except ConnectionError:
            writer.close()
            return
        requests = asyncio.create_task(self._requests(reader, target_writer))
        responses = asyncio.create_task(self._responses(target_reader, writer))
        try:
            await asyncio.wait((requests, responses), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task, end in ((requests, target_writer), (responses, writer)):
                task.cancel()
                end.close()
            await asyncio.gather(requests, responses, return_exceptions=True)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await _read_frame(reader)
            if not self._catches(request) or await self._passes_after_all():
                await _write_frame(writer, request)

    async def _responses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # In every version of the protocol an address is the host as text and then the port as int32: no length changes.
        theirs, ours = (self._host.encode() + LENGTH.pack(port) for port in (self._port, self._own_port))
        while True:
            await _write_frame(writer, (await _read_frame(reader)).replace(theirs, ours))

    def _catches(self, request: bytes) -> bool:
        return self._mode != "pass" and API_KEY.unpack_from(request) == (PRODUCE,) and self._topic in request

    async def _passes_after_all(self) -> bool:
        self.caught.set()
        if self._mode == "swallow":
            return False
        await self._released.wait()
        return True


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    return await reader.readexactly(length)


async def _write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(LENGTH.pack(len(frame)) + frame)
    await writer.drain()
