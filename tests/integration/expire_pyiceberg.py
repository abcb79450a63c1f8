"""Expires every snapshot of a table but the current one: `expire_pyiceberg.py NAMESPACE.TABLE …`"""

import sys
from datetime import datetime, timezone

from read_pyiceberg import connect

catalog = connect()
for table in sys.argv[1:]:
    catalog.load_table(table).maintenance.expire_snapshots().older_than(datetime.now(timezone.utc)).commit()
