"""Maintains tables as a Spark job does, and then keeps one snapshot: `expire_spark.py NAMESPACE.TABLE …`"""

import sys
from datetime import datetime, timezone

from read_spark import connect

spark = connect()
spark.conf.set("spark.sql.session.timeZone", "UTC")


def call(procedure: str, table: str, more: str) -> None:
    rows = spark.sql(f"CALL lake.system.{procedure}(table => '{table}', {more})").collect()
    print(table, procedure, rows, flush=True)


for table in sys.argv[1:]:
    call("rewrite_data_files", table, "options => map('rewrite-all', 'true')")
    call("rewrite_manifests", table, "use_caching => false")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
    call("expire_snapshots", table, f"older_than => TIMESTAMP '{now}', retain_last => 1")
