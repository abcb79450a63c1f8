"""DuckDB as one of those who write to the tables, a statement a step: see serve.py."""

from read_duckdb import connect
from serve import serve

# What has an address of S3 is attached for reading, unless this says otherwise.
connection = connect(access_mode="READ_WRITE")


def sql(statement: str) -> list[list[str]]:
    """Runs a statement; gives its rows as text."""
    return [[str(value) for value in row] for row in connection.execute(statement).fetchall()]


serve({"sql": sql})
