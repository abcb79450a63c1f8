import { parseArgs } from 'node:util'
import { TickhouseError } from '../../lib/errors.ts'
import { functionEnv, readSettings } from '../../sandbox/settings.ts'
import { comparison, contents } from './print.ts'
import { requireServers } from './reach.ts'
import { READERS, type ReaderName, type ReadRequest, read } from './readers.ts'
import type { TableReport } from './report.ts'

const USAGE = `npm run readers -- [--only READER,…] [--limit ROWS] [--symbol SYMBOL] [NAMESPACE.TABLE …]

Reads tables of a running sandbox, as of one snapshot, with PyIceberg, DuckDB, Trino and Spark, and compares what they
find: the count, the bounds and sum of each column, the rows of one symbol. What a reader needs is fetched when it is
used first. Ends with 1 when any of them differs.`

type Reports = ReadonlyMap<string, TableReport>

/** `npm run readers`: prints what the tables hold, and whether all readers agree; gives the exit code. */
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
  await requireServers(request.env)
  const [first, ...others] = chosen(values.only)
  const expected = await timed(first, { ...request, tables: positionals })
  const tables = [...expected].map(([table, { snapshot }]) => (snapshot ? `${table}@${snapshot}` : table))
  const found = new Map<ReaderName, Reports>()
  for (const reader of others) found.set(reader, await timed(reader, { ...request, tables }))
  return compare(first, expected, found)
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

async function timed(reader: ReaderName, request: ReadRequest): Promise<Reports> {
  const startedMs = performance.now()
  const reports = await read(reader, request)
  say(`${reader} read them in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return reports
}

function compare(first: ReaderName, expected: Reports, found: ReadonlyMap<ReaderName, Reports>): number {
  let differing = 0
  for (const [table, report] of expected) {
    const others = new Map([...found].map(([reader, reports]) => [reader, reports.get(table)]))
    const compared = comparison(report, others)
    differing += compared.differing
    for (const line of [
      '',
      ...contents(table, report),
      `  read by ${first}; by the others:`,
      ...compared.lines,
    ])
      say(line)
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
