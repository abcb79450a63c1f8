"""The report of a table by any engine that speaks SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common import Column, Request, bounds_line, in_order, print_line, print_row


@dataclass(frozen=True)
class Engine:
    """An SQL engine, reduced to what makes it differ from the others."""

    rows: Callable[[str, list], list[Sequence]]
    """Runs a statement with values for its question marks."""
    columns: Callable[[str], list[Column]]
    source: Callable[[Request], str]
    """A table as of a snapshot, as FROM takes it."""
    micros: Callable[[str], str]
    """A time, as microseconds since 1970."""

    def report(self, request: Request) -> None:
        """Prints the lines of one table."""
        columns = self.columns(request.table)
        symbol = self.report_columns(request, columns)
        self.report_rows(request, columns, request.owner or ("symbol", symbol))

    def report_columns(self, request: Request, columns: list[Column]) -> str | None:
        """Prints the count and every column's bounds, from one scan; gives the first symbol."""
        values = [value for column in columns for value in self.bounds(column)]
        count, *found = self.rows(f"SELECT count(*), {', '.join(values)} FROM {self.source(request)}", [])[0]
        print_line(table=request.table, count=count)
        symbol = None
        for index, column in enumerate(columns):
            low, high, total = found[3 * index : 3 * index + 3]
            print_line(table=request.table, column=column.name, **bounds_line(column, low, high, total))
            symbol = low if column.name == "symbol" else symbol
        return symbol

    def bounds(self, column: Column) -> list[str]:
        total = f"sum(CAST({column.name} AS DOUBLE))" if column.is_number else "NULL"
        return [*(self.value(column, f"{name}({column.name})") for name in ("min", "max")), total]

    def report_rows(self, request: Request, columns: list[Column], owner: tuple[str, str | None]) -> None:
        name, owned_by = owner
        values = ", ".join(self.value(column, column.name) for column in columns)
        order = ", ".join(f"{column.name} NULLS LAST" for column in in_order(columns))
        rows = self.rows(
            f"SELECT {values} FROM {self.source(request)} WHERE {name} = ? ORDER BY {order} LIMIT {request.limit}",
            [owned_by],
        )
        for row in rows:
            print_row(request.table, columns, row)

    def value(self, column: Column, expression: str) -> str:
        return self.micros(expression) if column.is_time else expression
