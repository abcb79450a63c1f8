"""PyIceberg as one of those who write to the tables: see serve.py."""

from datetime import datetime, timezone
from threading import Event, Thread

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import BadRequestError, CommitFailedException
from pyiceberg.types import StringType
from read_pyiceberg import connect
from serve import serve

catalog = connect()


def delete(table: str, where: str) -> None:
    """Copy-on-write: files are written again without the rows, or dropped whole."""
    catalog.load_table(table).delete(where)


def changed(table, where: str, column: str, add: float) -> pa.Table:
    """The rows, with a number added to one column."""
    rows = table.scan(row_filter=where).to_arrow()
    position = rows.schema.get_field_index(column)
    return rows.set_column(position, rows.schema.field(position), pc.add(rows.column(column), add))


def overwrite(table: str, where: str, column: str, add: float) -> None:
    """Puts changed rows in the place of the rows, in two snapshots of one commit."""
    found = catalog.load_table(table)
    found.overwrite(changed(found, where, column, add), overwrite_filter=where)


def upsert(table: str, where: str, column: str, add: float, keys: list[str]) -> int:
    """Gives changed rows by their keys; gives how many were updated."""
    found = catalog.load_table(table)
    return found.upsert(changed(found, where, column, add), join_cols=keys).rows_updated


def append_again(table: str, where: str) -> None:
    """The rows are there twice afterwards."""
    found = catalog.load_table(table)
    found.append(found.scan(row_filter=where).to_arrow())


def expire(table: str) -> int:
    """All snapshots but the current one and heads of branches; gives how many are left."""
    found = catalog.load_table(table)
    found.maintenance.expire_snapshots().older_than(datetime.now(timezone.utc)).commit()
    return len(catalog.load_table(table).snapshots())


def lost_race(error: Exception) -> bool:
    """The catalog fixture answers 400 for a sequence number that another commit took."""
    if isinstance(error, CommitFailedException):
        return True
    return isinstance(error, BadRequestError) and "sequence number" in str(error)


class BranchWriter:
    """Appends some rows of a table to a branch of it, again and again, as a backfill does that is published later."""

    def __init__(self, table: str, branch: str, every_s: float):
        self.table, self.branch, self.every_s = table, branch, every_s
        self.ending, self.appends, self.failures = Event(), 0, []
        found = catalog.load_table(table)
        found.manage_snapshots().create_branch(found.current_snapshot().snapshot_id, branch).commit()
        self.rows = found.scan(limit=5).to_arrow()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                connect().load_table(self.table).append(self.rows, branch=self.branch)
                self.appends += 1
            except Exception as error:  # noqa: BLE001: what is not a lost race is told at the end
                if not lost_race(error):
                    self.failures.append(f"{type(error).__name__}: {error}")
            self.ending.wait(self.every_s)

    def end(self) -> dict:
        self.ending.set()
        self.thread.join()
        catalog.load_table(self.table).manage_snapshots().remove_branch(self.branch).commit()
        return {"appends": self.appends, "failures": self.failures[:3]}


writers: dict[str, BranchWriter] = {}


def begin_branch(table: str, branch: str, every_s: float) -> None:
    writers[branch] = BranchWriter(table, branch, every_s)


def end_branch(branch: str) -> dict:
    return writers.pop(branch).end()


def branch_once(table: str, branch: str) -> None:
    """One append to a branch of its own, which stays."""
    found = catalog.load_table(table)
    if branch not in found.refs():
        found.manage_snapshots().create_branch(found.current_snapshot().snapshot_id, branch).commit()
    catalog.load_table(table).append(found.scan(limit=5).to_arrow(), branch=branch)


def add_column(table: str, column: str) -> None:
    catalog.load_table(table).update_schema().add_column(column, StringType()).commit()


def drop_column(table: str, column: str) -> None:
    catalog.load_table(table).update_schema().delete_column(column).commit()


def set_properties(table: str, properties: dict) -> None:
    catalog.load_table(table).transaction().set_properties(properties).commit_transaction()


def format_version(table: str, version: int) -> None:
    with catalog.load_table(table).transaction() as transaction:
        transaction.upgrade_table_version(version)


def rollback(table: str, snapshot: str) -> None:
    catalog.load_table(table).manage_snapshots().rollback_to_snapshot(int(snapshot)).commit()


def snapshot(table: str) -> str:
    return str(catalog.load_table(table).current_snapshot().snapshot_id)


serve(
    {
        step.__name__: step
        for step in (
            delete,
            overwrite,
            upsert,
            append_again,
            expire,
            begin_branch,
            end_branch,
            branch_once,
            add_column,
            drop_column,
            set_properties,
            format_version,
            rollback,
            snapshot,
        )
    }
)
