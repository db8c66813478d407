"""Heal events in words and colours, one line each."""

from datetime import datetime

from rich.text import Text

from events import CloudEvent, HealExpired, HealFailed, HealRequested, HealSucceeded, HealSuppressed

COLOURS = {
    "timeout": "yellow",
    "executor_crash": "red",
    "provider_error": "magenta",
    "validation_failure": "cyan",
    "unknown": "white",
}


def tell(event: CloudEvent) -> Text:
    """Return what a heal event says."""
    at = (clock(event.time) if event.time else "", "dim")
    match event:
        case HealRequested(data=heal):
            to = f", by {heal.executor_hint}" if heal.executor_hint else ""
            what = (f"heal {heal.retry_count}{to}", "bold green")
        case HealSuppressed(data=heal):
            again = f" until {clock(heal.retry_at)}" if heal.retry_at else ""
            what = (f"no heal: {heal.reason}{again}", "yellow")
        case HealSucceeded(data=heal) | HealFailed(data=heal) | HealExpired(data=heal):
            outcome = event.type.split(".")[2]
            return Text.assemble(at, "  ", heal.source_task_id, "  ", (f"heal {outcome}", "bold"))
        case _:
            raise TypeError(f"{event.type} is no heal event")
    category = (heal.error_category, COLOURS[heal.error_category])
    return Text.assemble(at, "  ", heal.source_task_id, "  ", category, "  ", what, f"  {heal.error_summary}")


def clock(moment: datetime) -> str:
    """Return the time of day here."""
    return f"{moment.astimezone():%H:%M:%S}"
