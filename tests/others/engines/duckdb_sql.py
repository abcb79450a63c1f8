"""DuckDB as one of those who write to the tables, a statement a step: see serve.py."""

from common import settings
from read_duckdb import connect
from serve import serve

connection = connect()
lake = settings()
# Readers attach it as it comes: for reading.
connection.execute("DETACH lake")
connection.execute(
    f"ATTACH '{lake.warehouse}' AS lake (TYPE iceberg, ENDPOINT '{lake.catalog_uri}', SECRET login, READ_WRITE)"
)


def sql(statement: str) -> list[list[str]]:
    """Runs a statement; gives its rows as text."""
    return [[str(value) for value in row] for row in connection.execute(statement).fetchall()]


serve({"sql": sql})
