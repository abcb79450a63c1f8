"""Maintains tables as a Spark job does, and then keeps one snapshot: `expire_spark.py NAMESPACE.TABLE …`"""

import sys

from read_spark import connect

spark = connect()
for table in sys.argv[1:]:
    for call in (
        f"rewrite_data_files(table => '{table}', options => map('rewrite-all', 'true'))",
        f"rewrite_manifests(table => '{table}', use_caching => false)",
        f"expire_snapshots(table => '{table}', older_than => current_timestamp(), retain_last => 1)",
    ):
        print(table, spark.sql(f"CALL lake.system.{call}").collect(), flush=True)
