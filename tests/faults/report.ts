import type { Finding } from './oracle/judge.ts'
import type { Round } from './round.ts'

const HEADINGS = ['harm', 'rounds', 'lost', 'doubled', 'wrong', 'median s', 'max s'] as const

/** One line a harm, and one for all: what was lost, doubled or wrong, and how long ingest took to catch up. */
export function reportTable(rounds: readonly Round[]): string {
  const byHarm = [...Map.groupBy(rounds, ({ harm }) => harm)]
  const lines = [HEADINGS, ...byHarm.map(([harm, of]) => cells(harm, of)), cells('all', rounds)]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  return lines
    .map(line =>
      line.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))),
    )
    .map(line => line.join('  '))
    .join('\n')
}

function cells(name: string, rounds: readonly Round[]): string[] {
  const count = (kind: Finding['kind']) =>
    String(
      rounds.reduce((sum, { findings }) => sum + findings.filter(found => found.kind === kind).length, 0),
    )
  const seconds = rounds.map(({ recoveryS }) => recoveryS).sort((a, b) => a - b)
  const median = seconds[Math.floor(seconds.length / 2)] ?? 0
  return [
    name,
    String(rounds.length),
    count('lost'),
    count('doubled'),
    count('wrong'),
    median.toFixed(1),
    (seconds.at(-1) ?? 0).toFixed(1),
  ]
}
