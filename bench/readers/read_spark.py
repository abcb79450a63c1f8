"""Reads the tables with Spark on this machine: `read_spark.py --help`.

The two jars of pom.xml are Spark's to find: PYSPARK_SUBMIT_ARGS="--jars A,B pyspark-shell", or the option
spark.jars.packages with their Maven coordinates.
"""

from common import Column, Request, requests, settings
from pyspark.sql import SparkSession
from sql_engine import Engine

TYPES = {
    "string": "string",
    "boolean": "boolean",
    "int": "int",
    "bigint": "long",
    "double": "double",
    "timestamp": "timestamptz",
}


def connect() -> SparkSession:
    """A local session that has the lakehouse as catalog `lake`, and asks it for the current metadata every time."""
    lake = settings()
    catalog = {
        "": "org.apache.iceberg.spark.SparkCatalog",
        ".type": "rest",
        ".uri": lake.catalog_uri,
        ".warehouse": lake.warehouse,
        ".rest.auth.type": "oauth2",
        ".credential": f"{lake.client_id}:{lake.client_secret}",
        ".oauth2-server-uri": lake.token_uri,
        ".scope": lake.scope,
        ".io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        ".s3.endpoint": lake.s3_endpoint,
        ".s3.path-style-access": "true",
        ".s3.access-key-id": lake.s3_key,
        ".s3.secret-access-key": lake.s3_secret,
        ".client.region": lake.s3_region,
        ".cache-enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("tickhouse-readers")
    builder = builder.config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.log.level", "ERROR")
    for name, value in catalog.items():
        builder = builder.config(f"spark.sql.catalog.lake{name}", value)
    return builder.getOrCreate()


def source(request: Request) -> str:
    version = f" VERSION AS OF {request.snapshot}" if request.snapshot else ""
    return f"lake.{request.table}{version}"


def main() -> None:
    spark = connect()

    def columns(table: str) -> list[Column]:
        return [Column(name, TYPES[kind]) for name, kind in spark.table(f"lake.{table}").dtypes]

    engine = Engine(
        rows=lambda sql, values: spark.sql(sql, args=values).collect(),
        columns=columns,
        source=source,
        micros=lambda time: f"unix_micros({time})",
    )
    for request in requests():
        engine.report(request)
    spark.stop()


if __name__ == "__main__":
    main()
