"""Reads the tables with PyIceberg, in batches that keep memory flat: `read_pyiceberg.py --help`."""

from operator import add

import pyarrow as pa
import pyarrow.compute as pc
from common import Column, Request, bounds_line, in_order, print_line, print_row, requests, settings
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.expressions import EqualTo
from pyiceberg.table import DataScan, Table


def connect() -> Catalog:
    """The lakehouse's catalog."""
    lake = settings()
    return load_catalog(
        "lake",
        **{
            "type": "rest",
            "uri": lake.catalog_uri,
            "warehouse": lake.warehouse,
            "credential": f"{lake.client_id}:{lake.client_secret}",
            "scope": lake.scope,
            "oauth2-server-uri": lake.token_uri,
            "s3.endpoint": lake.s3_endpoint,
            "s3.region": lake.s3_region,
            "s3.access-key-id": lake.s3_key,
            "s3.secret-access-key": lake.s3_secret,
            "s3.path-style-access": "true",
            "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
        },
    )


class Bounds:
    """Minimum, maximum and sum of a column, batch by batch."""

    def __init__(self, column: Column):
        self.column = column
        self.low = self.high = self.total = None

    def add(self, values: pa.Array) -> None:
        found = pc.min_max(values).as_py()
        self.low = merged(self.low, found["min"], min)
        self.high = merged(self.high, found["max"], max)
        if self.column.is_number:
            self.total = merged(self.total, pc.sum(values.cast(pa.float64(), safe=False)).as_py(), add)

    def line(self) -> dict:
        return bounds_line(self.column, self.low, self.high, self.total)


def merged(left, right, combine):
    """Both combined, or the one that is there."""
    if left is None or right is None:
        return right if left is None else left
    return combine(left, right)


def plain(column: Column, values: pa.Array) -> pa.Array:
    """Times as microseconds since 1970, all else as it is."""
    return values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if column.is_time else values


def report(table: Table, request: Request) -> None:
    """Prints the lines of one table."""
    columns = [Column(field.name, str(field.field_type)) for field in table.schema().fields]
    current = table.current_snapshot()
    snapshot = request.snapshot or (current and current.snapshot_id)
    symbol = report_columns(table.scan(snapshot_id=snapshot), request, columns, snapshot)
    report_rows(table, request, columns, snapshot, request.owner or (symbol and ("symbol", symbol)))


def report_columns(scan: DataScan, request: Request, columns: list[Column], snapshot: int | None) -> str | None:
    """Prints the count and every column's bounds, from one scan; gives the first symbol."""
    bounds = {column.name: Bounds(column) for column in columns}
    count = 0
    for batch in scan.to_arrow_batch_reader():
        count += batch.num_rows
        for column in columns:
            bounds[column.name].add(plain(column, batch.column(column.name)))
    print_line(table=request.table, snapshot=snapshot and str(snapshot), count=count)
    for name, found in bounds.items():
        print_line(table=request.table, column=name, **found.line())
    return bounds["symbol"].low


def report_rows(
    table: Table, request: Request, columns: list[Column], snapshot: int | None, owner: tuple[str, str] | None
) -> None:
    scan = table.scan(row_filter=EqualTo(*owner), snapshot_id=snapshot) if owner else None
    found = scan.to_arrow() if scan else pa.table({column.name: [] for column in columns})
    order = [(column.name, "ascending", "at_end") for column in in_order(columns)]
    rows = found.take(pc.sort_indices(found, order)[: request.limit])
    lists = [plain(column, rows.column(column.name)).to_pylist() for column in columns]
    for values in zip(*lists, strict=True):
        print_row(request.table, columns, values)


def main() -> None:
    catalog = connect()
    for request in requests():
        report(catalog.load_table(request.table), request)


if __name__ == "__main__":
    main()
