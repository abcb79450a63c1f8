"""Spark as one of those who write to the tables, a statement a step: see serve.py."""

from read_spark import connect
from serve import serve

spark = connect()
spark.conf.set("spark.sql.session.timeZone", "UTC")
# Few rows: a partition more is a task more.
spark.conf.set("spark.sql.shuffle.partitions", "1")

def sql(statement: str) -> list[list[str]]:
    """Runs a statement; gives its rows as text."""
    return [[str(value) for value in row] for row in spark.sql(statement).collect()]


serve({"sql": sql})
