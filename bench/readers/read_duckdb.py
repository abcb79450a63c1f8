"""Reads the tables with DuckDB, straight from S3: `read_duckdb.py --help`."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
from common import Column, Request, requests, settings
from sql_engine import Engine

TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "BIGINT": "long",
    "DOUBLE": "double",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


def connect(**config: str) -> duckdb.DuckDBPyConnection:
    """A connection, with settings of DuckDB's own, that has the lakehouse attached, as `lake`."""
    lake = settings()
    s3 = urlsplit(lake.s3_endpoint)
    connection = duckdb.connect(config=config)
    for name in ("avro", "httpfs", "iceberg"):
        connection.load_extension(str(extension(name)))
    connection.execute(
        "CREATE SECRET store (TYPE s3, KEY_ID ?, SECRET ?, REGION ?, ENDPOINT ?, URL_STYLE 'path', USE_SSL ?)",
        [lake.s3_key, lake.s3_secret, lake.s3_region, s3.netloc, s3.scheme == "https"],
    )
    connection.execute(
        "CREATE SECRET login (TYPE iceberg, CLIENT_ID ?, CLIENT_SECRET ?, OAUTH2_SERVER_URI ?, OAUTH2_SCOPE ?)",
        [lake.client_id, lake.client_secret, lake.token_uri, lake.scope],
    )
    connection.execute(
        f"ATTACH '{lake.warehouse}' AS lake (TYPE iceberg, ENDPOINT '{lake.catalog_uri}', SECRET login)"
    )
    return connection


def extension(name: str) -> Path:
    """The file of an extension that was installed as a Python package, so that DuckDB downloads none."""
    [package] = find_spec(f"duckdb_extension_{name}").submodule_search_locations
    [file] = Path(package).glob(f"extensions/*/{name}.duckdb_extension")
    return file


def source(request: Request) -> str:
    version = f" AT (VERSION => {request.snapshot})" if request.snapshot else ""
    return f"lake.{request.table}{version}"


def main() -> None:
    connection = connect()

    def columns(table: str) -> list[Column]:
        described = connection.execute(f"DESCRIBE lake.{table}").fetchall()
        return [Column(name, TYPES[kind]) for name, kind, *_ in described]

    engine = Engine(
        rows=lambda sql, values: connection.execute(sql, values).fetchall(),
        columns=columns,
        source=source,
        micros=lambda time: f"epoch_us({time})",
    )
    for request in requests():
        engine.report(request)


if __name__ == "__main__":
    main()
