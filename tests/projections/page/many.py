"""A hundred thousand failures with their decisions, put into the tables by the database itself."""

from sqlalchemy import Engine, text

MANY = 100_000

# A failure every six seconds up to now: a week of them. Each third one is suppressed.
_NUMBERS = """
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :many),
facts AS (
    SELECT n, 'many-' || n AS task_id, 'idea-' || (n % 5000) AS idea_id, n % 3 = 0 AS held,
        strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || (n * 6) || ' seconds') AS at,
        CASE n % 5 WHEN 0 THEN 'timeout' WHEN 1 THEN 'executor_crash' WHEN 2 THEN 'provider_error'
            WHEN 3 THEN 'validation_failure' ELSE 'unknown' END AS category
    FROM numbers
)
"""
_STATEMENTS = (
    """
INSERT INTO failures (failure_id, diagnosed_at, task_id, idea_id, task_type, provider, error_category, error_summary,
    has_diagnostics, reason, confidence, evidence, classified_by, cooldown_scope, decision, suppression_reason)
{numbers}
SELECT task_id, at, task_id, idea_id, 'impl', 'openai', category, 'step ' || n || ' failed', 1, 'rate_limit', 0.7, '[]',
    'rules', category, CASE held WHEN 1 THEN 'suppressed' ELSE 'requested' END, CASE held WHEN 1 THEN 'cooldown' END
FROM facts
""",
    """
INSERT INTO heals (heal_task_id, failure_id, source_task_id, error_category, error_summary, cooldown_scope, retry_count,
    strategy_name, direction, requested_at, expires_at, cooldown_until, outcome, outcome_at, elapsed_seconds)
{numbers}
SELECT 'heal-' || n, task_id, task_id, category, 'step failed', category, 1, category, 'Do it again.', at, at,
    strftime('%Y-%m-%d %H:%M:%S.000000', at, '+600 seconds'), 'succeeded', at, n % 600
FROM facts WHERE NOT held
""",
    """
INSERT INTO suppressions (failure_id, source_task_id, error_category, error_summary, cooldown_scope, reason,
    suppressed_at)
{numbers}
SELECT task_id, task_id, category, 'step failed', category, 'cooldown', at FROM facts WHERE held
""",
    """
INSERT INTO failures_hourly (hour, error_category, failed, healed, suppressed)
{numbers}
SELECT strftime('%Y-%m-%d %H:00:00.000000', at), category, count(*), sum(NOT held), sum(held) FROM facts GROUP BY 1, 2
""",
    """
INSERT INTO tasks (task_id, idea_id, task_type, status, status_at, last_event_at)
{numbers}
SELECT task_id, idea_id, 'impl', 'failed', at, at FROM facts
""",
    """
INSERT INTO dead_letters (event_id, dead_lettered_at, agent, record_topic, record_partition, record_offset, reason, raw,
    raw_truncated)
{numbers}
SELECT task_id, at, 'work', 'autoheal.tasks', 0, n, 'no JSON', '{{', 0 FROM facts WHERE n % 100 = 0
""",
)


def insert_many(engine: Engine) -> None:
    """Fill the tables of a SQLite database."""
    with engine.begin() as connection:
        for statement in _STATEMENTS:
            connection.execute(text(statement.format(numbers=_NUMBERS)), {"many": MANY})
