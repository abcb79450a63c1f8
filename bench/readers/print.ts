import { differences, type TableReport, type Value } from './report.ts'

const WIDEST = 36

/** What a table holds, for people: a line for each column, then the rows of one symbol. */
export function contents(name: string, { count, snapshot, columns, rows }: TableReport): string[] {
  const lines = [...columns].map(([column, { min, max, sum }]) => {
    return [column, shown(min), shown(max), sum === undefined ? '' : shown(sum)]
  })
  const title = `${name}: ${counted(count, 'row')}${snapshot ? `, snapshot ${snapshot}` : ''}`
  const first = rows[0] === undefined ? '' : `, the first: ${JSON.stringify(rows[0])}`
  const symbol = rows[0]?.symbol === undefined ? 'one symbol' : shown(rows[0].symbol)
  return [
    title,
    ...aligned([['', 'min', 'max', 'sum'], ...lines]),
    `  ${counted(rows.length, 'row')} of ${symbol}${first}`,
  ]
}

/** How the other readers' reports of a table compare with the first one's: a line for each, and how many differ. */
export function comparison(
  expected: TableReport,
  others: ReadonlyMap<string, TableReport | undefined>,
): { lines: string[]; differing: number } {
  const found = [...others].map(([reader, report]) => ({ reader, sentences: differences(expected, report) }))
  const lines = found.map(({ reader, sentences }) => {
    return [reader, sentences.length === 0 ? 'equal' : sentences.join('; ')]
  })
  return { lines: aligned(lines), differing: found.filter(({ sentences }) => sentences.length > 0).length }
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
}

function shown(value: Value): string {
  const text = value === null ? '–' : String(value)
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0))) ?? []
  return rows.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
}
