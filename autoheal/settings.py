"""Where everything is: settings from the environment and from `.env`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveInt, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AUTOHEAL_"


def _host_and_port(addresses: str) -> str:
    for address in addresses.split(","):
        host, _, port = address.strip().rpartition(":")
        if not (host and port.isascii() and port.isdigit()):
            raise ValueError(f"{address.strip()!r} is no host:port")
    return addresses


Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Every setting, each with a default that fits one machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    bootstrap_servers: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:9092"
    """Address of the broker, `host:port`, several separated by commas."""
    topic_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "autoheal"
    """Begins the name of every topic, and names the worker's consumer group."""
    partitions: PositiveInt = 4
    """Partitions of each topic, the most workers that can share the load."""
    replication: PositiveInt = 1
    """Copies of each partition on the brokers."""
    database_url: str = "sqlite:///autoheal.db"
    """Where the projections are kept, as SQLAlchemy writes it."""
    api_host: str = "127.0.0.1"
    """Where the API listens; beyond this machine it does so only with a token."""
    api_port: Port = 8100
    """0 is any free port."""
    api_token: SecretStr | None = None
    """What requests to the API that change state have to bear."""
    metrics_port: Annotated[Port | None, Field(gt=0)] = None
    """Where worker and projector show their metrics on 127.0.0.1; nowhere when left out."""
    policy: Path | None = None
    """TOML file over the packaged policy."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    """`auto` is readable on a terminal and JSON lines elsewhere."""


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message is one line that names its variable."""


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: A value cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def variables(settings: Settings) -> dict[str, str]:
    """Return settings as environment variables, secrets too; those without a value are left out."""
    values = settings.model_dump(exclude_none=True)
    return {f"{PREFIX}{name.upper()}": _plain(value) for name, value in values.items()}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
