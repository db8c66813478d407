"""`autoheal config`."""

from pydantic import SecretStr
from rich.table import Table

from autoheal.output import AsJson, console, for_people, print_json
from autoheal.settings import Settings, load_settings, variables
from events.secrets import mask


def config(*, as_json: AsJson = False) -> None:
    """Show the settings in force, secrets masked; they come from the environment and from `.env`.

    ```
    AUTOHEAL_PARTITIONS=12 autoheal config
    ```
    """
    settings = load_settings()
    hidden = settings.model_copy(update={"api_token": settings.api_token and SecretStr("***")})
    shown = {name: mask(value) for name, value in variables(hidden).items()}
    if for_people(as_json):
        console.print(_table(shown))
    else:
        print_json(shown)


def _table(settings: dict[str, str]) -> Table:
    defaults = variables(Settings.model_construct())
    table = Table("variable", "value", box=None)
    for name, value in settings.items():
        table.add_row(name, value, style="dim" if value == defaults.get(name) else "bold")
    return table
