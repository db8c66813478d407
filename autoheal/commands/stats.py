"""`autoheal stats`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.box import SIMPLE
from rich.columns import Columns
from rich.table import Table

from autoheal.narration import COLOURS
from autoheal.output import AsJson, console, for_people, print_json
from autoheal.settings import load_settings
from projections.database import open_database
from projections.stats import AutoHealStats, DiagnosticsCompleteness, auto_heal_stats, diagnostics_completeness

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
STYLE: Final[dict[str, Any]] = {"box": SIMPLE, "title_style": "bold", "title_justify": "left"}


def _duration(text: str) -> timedelta:
    """Read `30m`, `24h` or `7d`."""
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration such as 30m, 24h or 7d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


Since = Annotated[
    timedelta | None,
    typer.Option(parser=_duration, metavar="DURATION", help="Only failures since then: 30m, 24h, 7d."),
]


def stats(*, since: Since = None, as_json: AsJson = False) -> None:
    """Show how many failures there were, what was done about them, and how many came without diagnostics.

    ```
    autoheal stats --since 24h
    autoheal stats --json | jq .auto_heal.heal_rate
    ```
    """
    engine = open_database(load_settings().database_url)
    start = datetime.now(UTC) - since if since else None
    heals, completeness = auto_heal_stats(engine, since=start), diagnostics_completeness(engine, since=start)
    if for_people(as_json):
        show_stats(heals, completeness)
    else:
        print_json({"auto_heal": heals.model_dump(), "diagnostics_completeness": completeness.model_dump()})


def show_stats(heals: AutoHealStats, completeness: DiagnosticsCompleteness) -> None:
    """Print the numbers as tables."""
    console.print(Columns([_by_category(heals), _by_reason(heals)], padding=(0, 4)))
    console.print(
        f"heal rate {heals.heal_rate:.0%}, without diagnostics {completeness.missing_pct}% "
        f"({completeness.with_diagnostics} of {completeness.total_failed} have them)"
    )


def _by_category(heals: AutoHealStats) -> Table:
    table = Table(title="failures", show_footer=True, **STYLE)
    table.add_column("category", footer="all")
    for name in ("failed", "healed", "suppressed"):
        total = sum(getattr(counts, name) for counts in heals.by_category.values())
        table.add_column(name, footer=str(total), justify="right")
    for category, counts in heals.by_category.items():
        row = map(str, (counts.failed, counts.healed, counts.suppressed))
        table.add_row(f"[{COLOURS[category]}]{category}", *row)
    return table


def _by_reason(heals: AutoHealStats) -> Table:
    table = Table("no heal because", title="suppressed", **STYLE)
    table.add_column("count", justify="right")
    for reason, count in heals.suppressed_by_reason.items():
        table.add_row(reason, str(count))
    return table
