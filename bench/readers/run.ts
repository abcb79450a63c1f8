import { parseArgs } from 'node:util'
import { TickhouseError } from '../../lib/errors.ts'
import { functionEnv, readSettings } from '../../sandbox/settings.ts'
import { READERS, type ReaderName, read } from './readers.ts'
import { differences, type TableReport } from './report.ts'

const USAGE = `npm run readers -- [--only READER,…] [--limit ROWS] [--symbol SYMBOL] [NAMESPACE.TABLE …]

Reads tables of a running sandbox, as of one snapshot, with PyIceberg, DuckDB, Trino and Spark, and compares what they
find: the count, the bounds and sum of each column, the rows of one symbol. Ends with 1 when any of them differs.`

type Reports = Map<string, TableReport>

/** `npm run readers`: prints a line per table and reader; gives the exit code. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      limit: { type: 'string' },
      symbol: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return say(USAGE)

  const settings = readSettings()
  const request = {
    ...(values.limit === undefined ? {} : { limit: Number(values.limit) }),
    ...(values.symbol === undefined ? {} : { symbol: values.symbol }),
    env: { ...functionEnv(settings.ports), ...process.env },
    cacheDir: settings.cacheDir,
    onProgress: say,
  }
  const timed = async (reader: ReaderName, tables: readonly string[]) => {
    const startedMs = performance.now()
    const reports = await read(reader, { ...request, tables })
    say(`${reader} read them in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    return reports
  }

  const [first, ...others] = chosen(values.only)
  const expected = await timed(first, positionals)
  const pinned = [...expected].map(([table, { snapshot }]) => (snapshot ? `${table}@${snapshot}` : table))
  const found = new Map<ReaderName, Reports>()
  for (const reader of others) found.set(reader, await timed(reader, pinned))
  return compare(expected, found)
}

/** PyIceberg always, as the others are measured by it, and those asked for. */
function chosen(only: string | undefined): [ReaderName, ...ReaderName[]] {
  const all = Object.keys(READERS) as ReaderName[]
  const wanted = only?.split(',') ?? all
  const unknown = wanted.find(name => !all.includes(name as ReaderName))
  if (unknown !== undefined)
    throw new TickhouseError('UNKNOWN_READER', `--only=${unknown}: the readers are ${all.join(', ')}.`)
  return ['pyiceberg', ...all.filter(name => name !== 'pyiceberg' && wanted.includes(name))]
}

function compare(expected: Reports, found: ReadonlyMap<ReaderName, Reports>): number {
  let differing = 0
  for (const [table, report] of expected) {
    const { count, columns, rows, snapshot } = report
    say(`\n${table}${snapshot ? `, snapshot ${snapshot}` : ''}`)
    const size = `${count} rows, ${columns.size} columns, ${rows.length} rows of one symbol`
    say(`  pyiceberg  ${size}`)
    for (const [reader, reports] of found) {
      const sentences = differences(report, reports.get(table))
      differing += sentences.length
      say(`  ${reader.padEnd(9)}  ${sentences.length === 0 ? 'equal' : sentences.join('\n             ')}`)
    }
  }
  return differing === 0 ? 0 : 1
}

function say(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
