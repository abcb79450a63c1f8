/** What a reader prints of a value: a long as decimal text, a time as ISO 8601 with microseconds. */
export type Value = string | number | boolean | null

/** The bounds of one column; `sum` only of numbers, null when there is none to add. */
export interface ColumnReport {
  min: Value
  max: Value
  sum?: number | null
}

/** What one reader found in one table. */
export interface TableReport {
  count: number
  /** The snapshot that was read, where the reader chose it itself; null in a table that has none. */
  snapshot?: string | null
  columns: Map<string, ColumnReport>
  /** Rows of one symbol or source, in an order that is the same for all readers. */
  rows: Record<string, Value>[]
}

/** A sum that is too large for a double is the text `Infinity`. */
type ColumnLine = { column: string; min: Value; max: Value; sum?: number | string | null }

type Line = { table: string } & (
  | { count: number; snapshot?: string | null }
  | ColumnLine
  | { row: Record<string, Value> }
)

/** Sums of doubles depend on the order of adding: this share of all that was added may differ. */
const SUM_TOLERANCE = 1e-9

/** A reader's JSON lines, by table. The lines of a table begin with its count. */
export function parseReport(output: string): Map<string, TableReport> {
  const tables = new Map<string, TableReport>()
  for (const text of output.trim().split('\n')) {
    const { table, ...line }: Line = JSON.parse(text)
    if ('count' in line) tables.set(table, { ...line, columns: new Map(), rows: [] })
    else if ('column' in line) tables.get(table)?.columns.set(line.column, bounds(line))
    else tables.get(table)?.rows.push(line.row)
  }
  return tables
}

function bounds({ min, max, sum }: ColumnLine): ColumnReport {
  return sum === undefined ? { min, max } : { min, max, sum: sum === null ? null : Number(sum) }
}

/** How a report differs from the one that it is measured by, in sentences; none when they agree. */
export function differences(expected: TableReport, found: TableReport | undefined): string[] {
  if (!found) return ['the table is missing']
  const sentences = [...countDifferences(expected, found), ...columnDifferences(expected, found)]
  return [...sentences, ...rowDifferences(expected, found)]
}

function* countDifferences(expected: TableReport, found: TableReport): Iterable<string> {
  if (found.count !== expected.count) yield `${found.count} rows instead of ${expected.count}`
  const names = [...found.columns.keys()].join(', ')
  const expectedNames = [...expected.columns.keys()].join(', ')
  if (names !== expectedNames) yield `columns ${names} instead of ${expectedNames}`
}

function* columnDifferences(expected: TableReport, found: TableReport): Iterable<string> {
  for (const [name, column] of expected.columns) {
    const other = found.columns.get(name)
    if (!other) continue
    for (const bound of ['min', 'max'] as const)
      if (other[bound] !== column[bound])
        yield `${bound}(${name}) is ${other[bound]} instead of ${column[bound]}`
    if (!sumsAgree(column, other.sum, expected.count))
      yield `sum(${name}) is ${other.sum} instead of ${column.sum}`
  }
}

function sumsAgree(
  { min, max, sum }: ColumnReport,
  other: number | null | undefined,
  count: number,
): boolean {
  if (sum === other) return true
  if (typeof sum !== 'number' || typeof other !== 'number') return false
  const largest = Math.max(Math.abs(Number(min)), Math.abs(Number(max)))
  return Math.abs(sum - other) <= SUM_TOLERANCE * largest * count
}

function* rowDifferences(expected: TableReport, found: TableReport): Iterable<string> {
  if (found.rows.length !== expected.rows.length)
    yield `${found.rows.length} rows of one symbol instead of ${expected.rows.length}`
  const differs = expected.rows.findIndex((row, index) => !sameRow(row, found.rows[index]))
  if (differs >= 0) {
    const rows = [found.rows[differs], expected.rows[differs]].map(row => JSON.stringify(row))
    yield `row ${differs} of one symbol is ${rows[0]} instead of ${rows[1]}`
  }
}

function sameRow(row: Record<string, Value>, other: Record<string, Value> | undefined): boolean {
  return other !== undefined && Object.entries(row).every(([name, value]) => other[name] === value)
}
