"""What the readers share: their settings, their arguments, and one exact way to say what a table holds.

A reader prints JSON lines, for each table it is given:
    {"table", "snapshot", "count"}                 once; the snapshot only where the reader chose it
    {"table", "column", "min", "max", "sum"}       for each column; "sum" only of numbers
    {"table", "row": {column: value}}              for each row of one symbol or source, in one fixed order
Equal tables give equal lines, whatever the engine, but for the last digits of a sum.
"""

import json
import math
import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TABLES = ["market_data.stock_ticks", "market_data.candles"]


@dataclass(frozen=True)
class Settings:
    """Where the tables are; the variables and defaults of the functions."""

    s3_endpoint: str
    s3_region: str
    s3_key: str
    s3_secret: str
    catalog_uri: str
    warehouse: str
    client_id: str
    client_secret: str
    token_uri: str
    scope: str
    trino_url: str
    trino_user: str
    trino_catalog: str


def settings() -> Settings:
    """The settings in the environment, or those of a sandbox on its usual ports."""
    get = os.environ.get
    catalog_uri = get("ICEBERG_URI", "http://127.0.0.1:8181")
    return Settings(
        s3_endpoint=get("S3_ENDPOINT", "http://127.0.0.1:9000"),
        s3_region=get("S3_REGION", "us-east-1"),
        s3_key=get("S3_ACCESS_KEY_ID", "tickhouse"),
        s3_secret=get("S3_SECRET_ACCESS_KEY", "tickhouse-sandbox-secret"),
        catalog_uri=catalog_uri,
        warehouse=get("ICEBERG_WAREHOUSE", "s3://warehouse"),
        client_id=get("ICEBERG_CLIENT_ID", "tickhouse"),
        client_secret=get("ICEBERG_CLIENT_SECRET", "tickhouse-sandbox-secret"),
        token_uri=get("ICEBERG_OAUTH2_URI", f"{catalog_uri}/v1/oauth/tokens"),
        scope=get("ICEBERG_SCOPE", "catalog"),
        trino_url=get("TRINO_URL", "http://127.0.0.1:8090"),
        trino_user=get("TRINO_USER", "tickhouse"),
        trino_catalog=get("TRINO_CATALOG", "lake"),
    )


@dataclass(frozen=True)
class Request:
    """One table to report: as of a snapshot, or as it is now."""

    table: str
    snapshot: int | None
    owner: tuple[str, str] | None
    """The column, symbol or source, and the value of which the rows are wanted."""
    limit: int


def requests() -> list[Request]:
    """What the command line asks for."""
    parser = ArgumentParser(description="Prints what Iceberg tables hold, as JSON lines.")
    parser.add_argument("tables", nargs="*", metavar="NAMESPACE.TABLE[@SNAPSHOT]", default=TABLES)
    owner = parser.add_mutually_exclusive_group()
    owner.add_argument("--symbol", help="whose rows to print; the first one in the alphabet if not given")
    owner.add_argument("--source", help="whose rows to print instead")
    parser.add_argument("--limit", type=int, default=1000, help="how many of its rows at most (1000)")
    arguments = parser.parse_args()
    named = [(column, value) for column in ("symbol", "source") if (value := getattr(arguments, column)) is not None]
    return [parse_table(name, named[0] if named else None, arguments.limit) for name in arguments.tables]


def parse_table(text: str, owner: tuple[str, str] | None, limit: int) -> Request:
    """`namespace.table` or `namespace.table@snapshot`."""
    table, _, snapshot = text.partition("@")
    return Request(table, int(snapshot) if snapshot else None, owner, limit)


@dataclass(frozen=True)
class Column:
    """A column's name and Iceberg type: string, boolean, int, long, double or timestamptz."""

    name: str
    type: str

    @property
    def is_time(self) -> bool:
        return self.type == "timestamptz"

    @property
    def is_number(self) -> bool:
        return self.type in ("int", "long", "double")

    def printed(self, value):
        """A value that JSON carries unchanged: a long as text, a time (microseconds since 1970) as ISO 8601."""
        if value is None:
            return None
        if self.is_time:
            return (datetime(1970, 1, 1) + timedelta(microseconds=value)).isoformat(timespec="microseconds") + "Z"
        return str(value) if self.type == "long" else finite(value)


def finite(value):
    """What JSON has no number for as text: Infinity, -Infinity, NaN; all else as it is."""
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def in_order(columns: Sequence[Column]) -> list[Column]:
    """By time first, then by every other column: rows that still tie are equal, so the order is the same everywhere."""
    return sorted(columns, key=lambda column: column.name != "date_time")


def print_line(**line) -> None:
    print(json.dumps(line), flush=True)


def bounds_line(column: Column, low, high, total) -> dict:
    """The bounds of a column, as printed."""
    line = {"min": column.printed(low), "max": column.printed(high)}
    return {**line, "sum": finite(total)} if column.is_number else line


def print_row(table: str, columns: list[Column], values: Sequence) -> None:
    row = {column.name: column.printed(value) for column, value in zip(columns, values, strict=True)}
    print_line(table=table, row=row)
