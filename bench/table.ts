import type { Results } from './benches.ts'

/** Figures for people: a column for what was measured, a line for each figure. */
export function table(results: Results): string {
  const columns = Object.keys(results)
  const names = [...new Set(columns.flatMap(column => Object.keys(results[column]!)))]
  const rows = [
    ['', ...columns],
    ...names.map(name => [name, ...columns.map(column => shown(results[column]![name]))]),
  ]
  const widths = ['', ...columns].map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  return rows
    .map(([name = '', ...cells]) =>
      [name.padEnd(widths[0]!), ...cells.map((cell, i) => cell.padStart(widths[i + 1]!))].join('   '),
    )
    .join('\n')
}

function shown(figure: number | undefined): string {
  return figure === undefined ? '' : figure.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

/** A figure with the digits that mean something. */
export function rounded(figure: number, decimals = 2): number {
  return Number(figure.toFixed(decimals))
}
