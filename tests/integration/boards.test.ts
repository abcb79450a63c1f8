import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askTrino } from '../../bench/askTrino.ts'
import { allTimeframesBoard } from '../../grafana/boards/allTimeframesBoard.ts'
import { candlesBoard } from '../../grafana/boards/candlesBoard.ts'
import { expand } from '../../grafana/boards/expand.ts'
import { statementsOf } from '../../grafana/boards/statements.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { Offline } from './offline.ts'
import { sandboxEnv, sendMessages, services, until } from './sandbox.ts'
import { TICKS_TOPIC, tickMessage } from './ticks.ts'

const SOURCE = "O'HARA"
const SYMBOL = `A'B"|😀 $1`
const variables = { source: SOURCE, symbol: SYMBOL, timeframe: 'm1' }
const connections = services()

/** What the plugin turns a column of Trino's into. BOOLEAN and DECIMAL are not here: it gets them wrong. */
const FRAME_TYPES: Readonly<Record<string, string>> = {
  double: 'number',
  bigint: 'number',
  integer: 'number',
  varchar: 'string',
  'timestamp with time zone': 'time',
}

const frameType = (type: string) => FRAME_TYPES[type.replace(/\(\d+\)/, '')] ?? `unfit: ${type}`

interface Answer {
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly unknown[][]
}

async function ask(sql: string): Promise<Answer> {
  const { columns, rows } = await askTrino(sandboxEnv().TRINO_URL!, sql)
  return { columns: Object.fromEntries(columns.map(({ name, type }) => [name, frameType(type)])), rows }
}

const minutes = Array.from({ length: 5 }, (_, i) => new Date(Date.UTC(2026, 0, 31, 23, 58 + i)))
const shown = { from: minutes[0]!, to: new Date(minutes.at(-1)!.getTime() + 59_000), variables }
const charted = {
  time: 'time',
  open: 'number',
  high: 'number',
  low: 'number',
  close: 'number',
  volume: 'number',
}

beforeAll(async () => {
  const offline = await Offline.start('boards', { CANDLES: 'false' })
  try {
    const messages = minutes.map((minute, i) =>
      tickMessage({ source: SOURCE, symbol: SYMBOL, mid: 10 + i, number: i, dateTime: minute.toISOString() }),
    )
    await sendMessages(TICKS_TOPIC, messages)
    await until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)
    await offline.rollUpAll()
  } finally {
    await offline.stop()
  }
})
afterAll(() => connections.close())

const statementNamed = (board: Dashboard, name: RegExp) =>
  statementsOf(board).find(statement => name.test(statement.name))!.rawSQL
const run = (name: RegExp) => ask(expand(statementNamed(candlesBoard(), name), shown))

describe('the board of candles, of a symbol with quotes in its name', () => {
  test('charts 5 candles, oldest first, in columns that the panel can draw', async () => {
    const { columns, rows } = await run(/timeframe/)
    expect(columns).toEqual(charted)
    expect(rows.map(row => row.slice(1))).toEqual(minutes.map((_, i) => [10 + i, 10 + i, 10 + i, 10 + i, 1]))
  })

  test('lists the same 5, newest first, with state and revision', async () => {
    const { columns, rows } = await run(/Newest candles/)
    expect(columns).toEqual({ ...charted, state: 'string', revision: 'number', updated_at: 'time' })
    expect(rows.map(row => row.slice(4, 8))).toEqual([14, 13, 12, 11, 10].map(c => [c, 1, 'closed', 1]))
  })

  test('sums the range up: last price 14, up by 0.4, 5 ticks', async () => {
    const { columns, rows } = await run(/In this range/)
    expect(columns).toEqual({ last_price: 'number', change: 'number', ticks: 'number' })
    expect(rows).toEqual([[14, expect.closeTo(0.4), 5]])
  })

  test('has no age for a newest tick that is months old', async () => {
    expect(await run(/Newest tick/)).toEqual({ columns: { age_seconds: 'number' }, rows: [[null]] })
  })

  test('offers the source and its symbol', async () => {
    expect((await run(/^variable source$/)).rows.flat()).toContain(SOURCE)
    expect((await run(/^variable symbol$/)).rows.flat()).toEqual([SYMBOL])
  })
})

test.each(TIMEFRAMES)('the board of all timeframes charts $name', async ({ name }) => {
  const rawSQL = statementNamed(allTimeframesBoard(), new RegExp(`^${name}$`))
  const from = new Date('2026-01-01T00:00:00Z')
  const { columns, rows } = await ask(expand(rawSQL, { ...shown, from }))
  expect(columns).toEqual(charted)
  expect(rows.reduce((sum, row) => sum + Number(row[5]), 0)).toBeGreaterThan(0)
})

test('a chart reads only the partitions of its timeframe and months', async () => {
  const sql = expand(statementNamed(candlesBoard(), /timeframe/), shown)
  const { rows } = await ask(`EXPLAIN (TYPE IO, FORMAT JSON) ${sql}`)
  const plan = JSON.parse(String(rows[0]![0])) as { inputTableColumnInfos: { constraint: unknown }[] }
  const constraint = JSON.stringify(plan.inputTableColumnInfos[0]!.constraint)
  expect(constraint).toContain('"timeframe"')
  expect(constraint).toContain('"m1"')
  expect(constraint).toContain('"date_time"')
})
