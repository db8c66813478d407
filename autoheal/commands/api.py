"""`autoheal api`."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from signal import SIGTERM
from typing import Final

import structlog
import uvicorn

from autoheal.logs import configure_logs
from autoheal.settings import Settings, SettingsError, load_settings
from autoheal.waiting import stop_signal
from projections.api.app import LOOPBACK, build_api

GRACE_S: Final = 5
ANY_HOST: Final = ("*",)
_log = structlog.get_logger("api")


def api() -> None:
    """Serve the query API, the page and the endpoint for events over HTTP, until SIGINT or SIGTERM.

    Beyond this machine it serves only with a token, which all that changes state then needs.

    ```
    autoheal api
    AUTOHEAL_API_PORT=0 autoheal api
    AUTOHEAL_API_HOST=0.0.0.0 AUTOHEAL_API_TOKEN=... autoheal api
    ```
    """
    settings = load_settings()
    local = _is_loopback(settings.api_host)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    if not (local or token):
        raise SettingsError(
            f"AUTOHEAL_API_HOST={settings.api_host} is beyond this machine: "
            "set AUTOHEAL_API_TOKEN, or bind to 127.0.0.1"
        )
    configure_logs(settings.log_level, settings.log_format)
    with _listening(settings) as listener:
        app = build_api(
            settings.bootstrap_servers,
            settings.database_url,
            prefix=settings.topic_prefix,
            token=token,
            hosts=(*LOOPBACK, settings.api_host) if local else ANY_HOST,
        )
        config = uvicorn.Config(
            app, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S
        )
        asyncio.run(_serve(_Server(config), listener))


class _Server(uvicorn.Server):
    """Leaves the signals to us: its own handlers end the process by the signal they caught."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    _log.info("serving", at=_url(listener))
    serving = asyncio.create_task(server.serve([listener]))
    stopped = asyncio.create_task(stop_signal())
    await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
    server.handle_exit(SIGTERM, None)
    await serving
    _log.info("stopped")


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    try:
        listener = socket.create_server((settings.api_host, settings.api_port), family=family)
    except OSError as error:
        raise SettingsError(
            f"cannot serve on {settings.api_host}:{settings.api_port} ({error.strerror or error}): "
            "set AUTOHEAL_API_HOST and AUTOHEAL_API_PORT, 0 is any free port"
        ) from None
    with listener:
        yield listener


def _url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
