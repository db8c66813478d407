"""How many failures there were, what was done about them (S1), and how many of them are explained (S2)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, ColumnElement, Connection, Engine, func, select, true

from events import CATEGORIES, Category
from projections.tables import failures, heals


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class CategoryStats(_Answer):
    """Failures of one category; `failed = healed + suppressed` once each has its decision."""

    failed: int
    healed: int
    suppressed: int


class Percentiles(_Answer):
    """Seconds, interpolated linearly (inclusive); None as long as nothing is known."""

    p50: float | None
    p90: float | None


class AutoHealStats(_Answer):
    """The answer of `GET /api/agent/auto-heal/stats` (S1)."""

    total_failed: int
    heals_created: int
    heal_rate: float
    """`heals_created / total_failed`, 0 when nothing failed."""
    by_category: dict[Category, CategoryStats]
    heals_succeeded: int
    heal_success_rate: float
    """Succeeded, of the heals whose outcome is known (an expired one healed nothing); 0 when none is."""
    suppressed_by_reason: dict[str, int]
    """Only the reasons that occurred."""
    mttr_seconds: Percentiles
    """From failure to recovery, of the heals that succeeded."""


class CategoryCompleteness(_Answer):
    """Failures of one category, and those of them whose summary says something."""

    failed: int
    with_diagnostics: int


class DiagnosticsCompleteness(_Answer):
    """The answer of `GET /api/agent/diagnostics-completeness` (S2)."""

    total_failed: int
    with_diagnostics: int
    missing_pct: float
    """0 to 100, two decimals; 0 when nothing failed."""
    by_category: dict[Category, CategoryCompleteness]


_ALL = func.count()
_HEALED = func.count().filter(failures.c.decision == "requested")
_SUPPRESSED = func.count().filter(failures.c.decision == "suppressed")
_EXPLAINED = func.count().filter(failures.c.has_diagnostics)


def auto_heal_stats(engine: Engine, *, since: datetime | None = None) -> AutoHealStats:
    """Count failures, decisions and outcomes (S1).

    Args:
        engine: The projections' database.
        since: Count only failures from this moment on, by log time, and their heals; all when left out.
    """
    with engine.connect() as connection:  # one transaction, so that all numbers are of one moment
        counts = _by_category(connection, since, failed=_ALL, healed=_HEALED, suppressed=_SUPPRESSED)
        suppressed_by_reason = _count_by(
            connection, failures.c.suppression_reason, _from(since, failures.c.diagnosed_at)
        )
        # A request's log time is that of its failure: the window of the failures without a look at each of them.
        outcomes = _count_by(connection, heals.c.outcome, _from(since, heals.c.requested_at))
        mttr_seconds = Percentiles(p50=_mttr(connection, since, 0.5), p90=_mttr(connection, since, 0.9))
    by_category = {category: CategoryStats(**count) for category, count in counts.items()}
    failed = sum(count.failed for count in by_category.values())
    healed = sum(count.healed for count in by_category.values())
    succeeded = outcomes.get("succeeded", 0)
    return AutoHealStats(
        total_failed=failed,
        heals_created=healed,
        heal_rate=healed / failed if failed else 0.0,
        by_category=by_category,
        heals_succeeded=succeeded,
        heal_success_rate=succeeded / sum(outcomes.values()) if outcomes else 0.0,
        suppressed_by_reason=suppressed_by_reason,
        mttr_seconds=mttr_seconds,
    )


def diagnostics_completeness(engine: Engine, *, since: datetime | None = None) -> DiagnosticsCompleteness:
    """Count the failures whose summary is not empty and not `No diagnostics provided` (S2).

    Args:
        engine: The projections' database.
        since: Count only failures from this moment on, by log time; all when left out.
    """
    with engine.connect() as connection:
        counts = _by_category(connection, since, failed=_ALL, with_diagnostics=_EXPLAINED)
    by_category = {category: CategoryCompleteness(**count) for category, count in counts.items()}
    failed = sum(count.failed for count in by_category.values())
    with_diagnostics = sum(count.with_diagnostics for count in by_category.values())
    return DiagnosticsCompleteness(
        total_failed=failed,
        with_diagnostics=with_diagnostics,
        missing_pct=round(100 * (failed - with_diagnostics) / failed, 2) if failed else 0.0,
        by_category=by_category,
    )


def _from(since: datetime | None, moment: Column[datetime]) -> ColumnElement[bool]:
    return moment >= since if since else true()


def _by_category(
    connection: Connection, since: datetime | None, **counts: ColumnElement[int]
) -> dict[Category, dict[str, int]]:
    """Return the counts of each of the five categories, zeros where nothing failed."""
    query = select(failures.c.error_category, *(count.label(name) for name, count in counts.items()))
    query = query.where(_from(since, failures.c.diagnosed_at)).group_by(failures.c.error_category)
    found = {category: dict(zip(counts, row, strict=True)) for category, *row in connection.execute(query)}
    return {category: found.get(category) or dict.fromkeys(counts, 0) for category in CATEGORIES}


def _count_by(connection: Connection, name: Column[str], *holds: ColumnElement[bool]) -> dict[str, int]:
    query = select(name, func.count()).where(name.is_not(None), *holds).group_by(name)
    return dict(connection.execute(query).all())


def _mttr(connection: Connection, since: datetime | None, share: float) -> float | None:
    """Return the seconds within which this share of the recoveries took place."""
    known = heals.c.outcome == "succeeded", heals.c.elapsed_seconds.is_not(None), _from(since, heals.c.requested_at)
    count = connection.execute(select(func.count()).where(*known)).scalar_one()
    if not count:
        return None
    rank, part = divmod((count - 1) * share, 1)
    ranked = select(heals.c.elapsed_seconds).where(*known).order_by(heals.c.elapsed_seconds).offset(int(rank)).limit(2)
    values = connection.execute(ranked).scalars().all()
    return float(values[0] + (values[-1] - values[0]) * part)
