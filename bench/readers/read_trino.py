"""Reads the tables through Trino: `read_trino.py --help`."""

import os
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from common import Column, Request, requests, settings
from sql_engine import Engine
from trino.auth import BasicAuthentication
from trino.dbapi import Connection, connect as connect_to_trino

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

TYPES = {
    "varchar": "string",
    "boolean": "boolean",
    "integer": "int",
    "bigint": "long",
    "double": "double",
    "timestamp(6) with time zone": "timestamptz",
}


def connect() -> Connection:
    """A connection; with a password (TRINO_PASSWORD) only over TLS."""
    lake = settings()
    url = urlsplit(lake.trino_url)
    password = os.environ.get("TRINO_PASSWORD")
    return connect_to_trino(
        host=url.hostname,
        port=url.port or (443 if url.scheme == "https" else 80),
        http_scheme=url.scheme,
        user=lake.trino_user,
        auth=BasicAuthentication(lake.trino_user, password) if password else None,
        timezone="UTC",
        source="tickhouse-readers",
    )


def micros(value):
    """A time as microseconds since 1970, which Trino itself only counts to the millisecond; all else as it is."""
    return (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def main() -> None:
    lake = settings().trino_catalog
    connection = connect()

    def rows(sql: str, values: list) -> list:
        found = connection.cursor().execute(sql, values or None).fetchall()
        return [[micros(value) for value in row] for row in found]

    def source(request: Request) -> str:
        version = f" FOR VERSION AS OF {request.snapshot}" if request.snapshot else ""
        return f"{lake}.{request.table}{version}"

    engine = Engine(
        rows=rows,
        columns=lambda table: [Column(name, TYPES[kind]) for name, kind, *_ in rows(f"DESCRIBE {lake}.{table}", [])],
        source=source,
        micros=lambda time: time,
    )
    for request in requests():
        engine.report(request)


if __name__ == "__main__":
    main()
