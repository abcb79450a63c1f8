"""Runs SQL as a Spark job does: `run_spark.py STATEMENT …`"""

import sys

from read_spark import connect

spark = connect()
for statement in sys.argv[1:]:
    print(statement, spark.sql(statement).collect(), flush=True)
