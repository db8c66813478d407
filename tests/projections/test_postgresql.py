"""The tables as `psql` finds them, and a server that refuses, in one clear line."""

import pytest

from projections.database import DatabaseUnreachableError, open_database, transaction
from projections.fold import apply
from projections.questions import ask
from projections.stats import auto_heal_stats
from tests.postgres import psql
from tests.projections.given import concluded, dead_lettered, diagnosed, entry, fold, requested, suppressed

COLUMNS = """
SELECT data_type, string_agg(DISTINCT column_name, ' ' ORDER BY column_name) FROM information_schema.columns
WHERE table_schema = current_schema AND data_type <> 'text' AND table_name <> 'alembic_version'
GROUP BY data_type ORDER BY data_type
"""
BY_HOUR = "SET timezone = 'UTC'; SELECT hour, error_category, failed, healed, suppressed FROM failures_hourly"
SLOWEST = """
SELECT f.evidence -> 0 ->> 'rule', extract(epoch FROM h.outcome_at - f.diagnosed_at)::int, h.elapsed_seconds
FROM failures f JOIN heals h USING (failure_id) WHERE h.outcome = 'succeeded'
"""
MOMENTS = (
    "cooldown_until created_at dead_lettered_at diagnosed_at ended_at expires_at hour last_event_at logged_at "
    "outcome_at redriven_at requested_at retry_at started_at status_at suppressed_at"
)
OTHER_CLIENTS = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
UNDOCUMENTED = """
SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
WHERE relnamespace = current_schema::regnamespace AND relkind IN ('r', 'v') AND attnum > 0
AND relname <> 'alembic_version'
AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid) IS NULL)
"""


@pytest.fixture
def url(postgres):
    """The URL of an empty database on the server."""
    with postgres.schema() as url:
        yield url


@pytest.fixture
def engine(url):
    """A database with a row in each table of the fold."""
    story = [diagnosed("a"), diagnosed("b"), requested("a"), suppressed("b"), concluded("succeeded"), dead_lettered()]
    engine = fold(open_database(url), story)
    yield engine
    engine.dispose()


def test_psql_sees_typed_columns(engine, url):
    """What is no text has a type of its own: moments with their zone, offsets of 64 bits, evidence as JSON."""
    assert psql(url, COLUMNS).splitlines() == [
        "bigint|elapsed_ms next_offset record_offset retry_count",
        "boolean|has_diagnostics raw_truncated",
        "double precision|confidence elapsed_seconds max_runtime_seconds",
        "integer|build failed healed partition record_partition suppressed",
        "jsonb|details evidence",
        f"timestamp with time zone|{MOMENTS}",
    ]


def test_psql_answers_questions(engine, url):
    """Moments, evidence and counts are there to be asked for in plain SQL."""
    assert psql(url, BY_HOUR).splitlines()[-1] == "2026-11-22 12:00:00+00|provider_error|2|1|1"
    assert psql(url, SLOWEST) == "http-429|60|60"


def test_psql_sees_the_comments(engine, url):
    """Each table and column says in the database what it is."""
    assert psql(url, UNDOCUMENTED) == ""
    assert psql(url, "SELECT obj_description('heals'::regclass)") == "One row per requested heal, and what came of it"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "wr0ng"}, 'password authentication failed for user "autoheal"'),
        ({"user": "nobody", "password": "wr0ng"}, 'password authentication failed for user "nobody"'),
        ({"database": "nowhere", "password": "not-secret"}, 'database "nowhere" does not exist'),
    ],
)
def test_a_refusal_is_one_line(postgres, wrong, said):
    """Wrong credentials and a missing database are told as the server says it, without the password."""
    with pytest.raises(DatabaseUnreachableError, match=said) as caught:
        open_database(postgres.url(**wrong))
    assert "set AUTOHEAL_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert wrong["password"] not in str(caught.value)


def test_a_reader_without_rights_is_told(engine, url, postgres):
    """A user that may not read the tables gets one line."""
    postgres.execute("CREATE ROLE analyst LOGIN PASSWORD 'look'")
    postgres.execute(f"GRANT USAGE ON SCHEMA {url.rpartition('%3D')[2]} TO analyst")
    analysts = url.replace("autoheal:not-secret", "analyst:look")
    with pytest.raises(DatabaseUnreachableError, match="permission denied for table alembic_version"):
        open_database(analysts)


def test_a_reader_with_rights_to_read_needs_no_others(engine, url, postgres):
    """A role that may select is enough for statistics and questions: opening writes nothing that is there."""
    schema = url.rpartition("%3D")[2]
    postgres.execute("CREATE ROLE reader LOGIN PASSWORD 'look'")
    postgres.execute(f"GRANT USAGE ON SCHEMA {schema} TO reader")
    postgres.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")
    readers = url.replace("autoheal:not-secret", "reader:look")
    opened = open_database(readers)
    assert auto_heal_stats(opened).total_failed == 2
    opened.dispose()
    with ask(readers, "SELECT count(*) FROM decisions") as answer:
        assert [*answer.rows()] == [(2,)]


def test_a_server_that_goes_away_is_one_line(engine, postgres):
    """A connection that the server ends is reported as such, and the next transaction takes a new one."""
    with pytest.raises(DatabaseUnreachableError, match="terminating connection"):
        _write_while_it_restarts(engine, postgres)
    assert auto_heal_stats(engine).total_failed == 2


def _write_while_it_restarts(engine, postgres):
    with transaction(engine) as connection:
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHER_CLIENTS}")
        apply(connection, map(entry, [diagnosed("c")]))
