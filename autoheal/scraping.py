"""Where worker and projector show their metrics."""

from prometheus_client import start_http_server

from autoheal.embedded import HOST
from autoheal.settings import Settings, SettingsError


def serve_metrics(settings: Settings) -> bool:
    """Serve this process' metrics on the loopback interface, and tell whether the settings ask for it.

    Raises:
        SettingsError: The port cannot be had.
    """
    if settings.metrics_port is None:
        return False
    try:
        start_http_server(settings.metrics_port, addr=HOST)
    except OSError as error:
        raise SettingsError(
            f"AUTOHEAL_METRICS_PORT: cannot serve on {HOST}:{settings.metrics_port} ({error})"
        ) from None
    return True
