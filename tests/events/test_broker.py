"""An address without a broker behind it is reported in one line, soon and once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from autoheal.embedded import HOST, free_port
from events.broker import BrokerUnreachableError, probe

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def test_a_closed_port_is_unreachable(caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is one line that names the address and the remedy, and nothing else is logged."""
    address = f"{HOST}:{free_port()}"
    with pytest.raises(BrokerUnreachableError) as caught:
        await probe(address, timeout=3600)
    assert str(caught.value) == (
        f"no Kafka broker answers at {address}: start one with `autoheal dev`, "
        "or set AUTOHEAL_BOOTSTRAP_SERVERS to one that runs"
    )
    assert caplog.records == []


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()
    writer.close()


@pytest.mark.parametrize("behave", [_say_nothing, _hang_up, _speak_http])
async def test_a_stranger_is_not_a_broker(behave: Handler, caplog: pytest.LogCaptureFixture) -> None:
    """A server that is silent, hangs up or speaks another protocol counts as no broker."""
    async with _server(behave) as address:
        with pytest.raises(BrokerUnreachableError, match=address):
            await asyncio.wait_for(probe(address, timeout=0.3), 10)
    assert caplog.records == []


@asynccontextmanager
async def _server(behave: Handler) -> AsyncIterator[str]:
    server = await asyncio.start_server(behave, HOST, 0)
    async with server:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
