import { readFileSync } from 'node:fs'
import type { Context } from 'aws-lambda'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TickhouseError } from '../../lib/errors.ts'
import { lambdaHandler, type Step } from '../../lib/lambda/handler.ts'
import { httpHandler } from '../../lib/lambda/httpHandler.ts'
import { jsonLines } from '../../lib/lambda/log.ts'
import { eventOf } from '../browser/host.ts'

const recorded = JSON.parse(readFileSync(new URL('../../events/ticks.kafka.json', import.meta.url), 'utf8'))
const context = {
  awsRequestId: 'request-7',
  getRemainingTimeInMillis: () => 60_000,
} as Context

/** What is written to standard output until the test ends, as the lines' fields. */
function logged(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  vi.spyOn(console, 'log').mockImplementation(line => void lines.push(JSON.parse(line)))
  return lines
}
afterEach(() => {
  vi.restoreAllMocks()
})

type Handler = (event: unknown, context: Context) => Promise<unknown>

describe('the line of an invocation', () => {
  test('is one at info, with function, request id, duration and result', async () => {
    const lines = logged()
    await (lambdaHandler('publish', async () => ({ sent: 3, transactions: 1 })) as Handler)({}, context)
    expect(lines).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: 'info',
        function: 'publish',
        message: 'done',
        requestId: 'request-7',
        durationMs: expect.any(Number),
        sent: 3,
        transactions: 1,
      },
    ])
  })

  test('that fails is one at warn, with the code, what the event was, and the cause', async () => {
    const lines = logged()
    const cause = new Error('socket closed')
    const step = () =>
      Promise.reject(new TickhouseError('AWAY', 'nobody answers', { retryable: true, cause }))
    const line = { event: (event: unknown) => ({ batch: event }) }
    await expect((lambdaHandler('x', step, line) as Handler)('e', context)).rejects.toThrow('nobody answers')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: 'failed',
      code: 'AWAY',
      retryable: true,
      error: 'nobody answers',
      cause: 'socket closed',
      batch: 'e',
    })
  })

  test('tells how long each stage of that call took, and nothing of the call before', async () => {
    const lines = logged()
    const step: Step<object> = async ({ stages }, event) => {
      if (event === 'first') await stages.time('read', async () => {})
      return {}
    }
    const handler = lambdaHandler('x', step) as Handler
    await handler('first', context)
    await handler('second', context)
    expect(lines[0]).toMatchObject({ stagesMs: { read: expect.any(Number) } })
    expect(lines[1]).not.toHaveProperty('stagesMs')
  })

  test('of a route is its key and the status, and nothing of the answer', async () => {
    const lines = logged()
    const answer = () => ({ type: 'text/plain', body: 'a long body' })
    await (httpHandler('metrics', () => ({ 'GET /metrics': answer })) as unknown as Handler)(
      eventOf({ url: '/metrics' }),
      context,
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level: 'info', route: 'GET /metrics', status: 200 })
    expect(JSON.stringify(lines)).not.toContain('a long body')
  })

  test('of a route tells of an event that is none, null', async () => {
    const lines = logged()
    const handler = httpHandler('metrics', () => ({})) as unknown as Handler
    await expect(handler(null, context)).rejects.toThrow()
    expect(lines).toMatchObject([{ level: 'warn', message: 'failed', function: 'metrics' }])
  })

  test('of ingest names topic, partition and offsets of a batch that it could not take, and no tick', async () => {
    vi.stubEnv('STAGE', 'local')
    vi.stubEnv('ICEBERG_URI', 'http://127.0.0.1:9')
    const { handler } = await import('../../functions/ingest.ts')
    const lines = logged()
    await expect((handler as unknown as Handler)(recorded, context)).rejects.toThrow()
    vi.unstubAllEnvs()
    const spans = [{ topic: 'market_data.stock_ticks', partition: 0, from: 0, to: 1, records: 2 }]
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ function: 'ingest', requestId: 'request-7', batch: spans })
    expect(JSON.stringify(lines)).not.toMatch(/BNBUSD|SOLUSD|627/)
  })
})

test('progress is said at debug, so that info has one line an invocation', () => {
  const lines = logged()
  const log = jsonLines({ function: 'rollup' })
  log.debug('round', { rounds: 2 })
  expect(lines).toMatchObject([{ level: 'debug', function: 'rollup', message: 'round', rounds: 2 }])
})
