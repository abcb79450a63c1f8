import { readdirSync } from 'node:fs'
import type { Context } from 'aws-lambda'
import { describe, expect, test, vi } from 'vitest'
import { BadRequest } from '../../lib/requests/request.ts'

const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 } as Context

type Handler = (event: unknown, context: Context) => Promise<unknown>

/** The message of each function about the events that it takes. */
const TAKES: Readonly<Record<string, RegExp>> = {
  candles: /an HTTP request .*events\/candles\.http\.json/,
  ingest: /records of a Kafka event source.*events\/ticks\.kafka\.json.*minutes-rest/,
  maintain: /compaction, orphans or counts/,
  metrics: /an HTTP request/,
  page: /an HTTP request/,
  produce: /\{"ticks"\}.*\{"from", "to", "everySeconds"\}/,
  publish: /an empty JSON object/,
  rollup: /\{\}, or \{"from", "to"\}/,
}

const NONSENSE = [
  42,
  'a text',
  true,
  [],
  [{}],
  { nonsense: 1 },
  { source: 'SOURCE_1' },
  { 'detail-type': 'x' },
  { records: 7 },
  { only: 7 },
  { from: 7, to: 8 },
  { routeKey: 7 },
]

test('all functions are known', () => {
  const files = readdirSync(new URL('../../functions', import.meta.url)).filter(file => file.endsWith('.ts'))
  expect(files.map(file => file.replace('.ts', '')).sort()).toEqual(Object.keys(TAKES).sort())
})

describe.each(Object.entries(TAKES))('%s', (name, takes) => {
  test.each(NONSENSE.map(event => [event]))('says at %j what it takes instead', async event => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const { handler }: { handler: Handler } = await import(`../../functions/${name}.ts`)
    const error = await handler(event, context).then(
      () => 'no error',
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(BadRequest)
    expect((error as BadRequest).message).toMatch(takes)
  })
})
