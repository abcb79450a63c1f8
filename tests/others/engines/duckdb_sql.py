"""DuckDB as one of those who write to the tables, a statement a step: see serve.py."""

from read_duckdb import connect
from serve import serve

connection = connect()


def sql(statement: str) -> list[list[str]]:
    """Runs a statement; gives its rows as text."""
    return [[str(value) for value in row] for row in connection.execute(statement).fetchall()]


serve({"sql": sql})
