import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrinoQuery, type TrinoSettings } from '../../lib/trino/client.ts'
import { FakeTrino } from './fakeTrino.ts'

const trino = new FakeTrino()
beforeAll(() => trino.start())
afterAll(() => trino.stop())

const columns = [
  { name: 'symbol', type: 'varchar' },
  { name: 'volume', type: 'bigint' },
]

function rows(settings: Partial<TrinoSettings> = {}): Promise<unknown[]> {
  return new TrinoQuery({ url: trino.url, user: 'tester', ...settings }).rows('SELECT é')
}

describe('rows', () => {
  it('gathers 3 rows of 5 pages, of which 2 are empty, as objects', async () => {
    trino.prepare(
      {},
      { columns, data: [['A', 1]] },
      { columns },
      { columns, data: [['B', 2]] },
      {
        columns,
        data: [['C', 3]],
        last: true,
      },
    )
    expect(await rows()).toEqual([
      { symbol: 'A', volume: 1 },
      { symbol: 'B', volume: 2 },
      { symbol: 'C', volume: 3 },
    ])
    expect(trino.requests()).toHaveLength(5)
  })

  it('keeps the row of a first answer that is the last one too', async () => {
    trino.prepare({ columns, data: [['A', 1]], last: true })
    expect(await rows()).toEqual([{ symbol: 'A', volume: 1 }])
  })

  it('gives none for a statement without a result', async () => {
    trino.prepare({}, { last: true })
    expect(await rows()).toEqual([])
  })

  it('says who asks, in UTC, and limits the query on the server to 1 s more than here', async () => {
    trino.prepare({ last: true })
    await rows({ timeoutMs: 1_500, session: { 'lake.statistics_enabled': 'false' } })
    const { method, path, headers, body } = trino.received[0]!
    expect(`${method} ${path} ${body}`).toBe('POST /v1/statement SELECT é')
    expect(headers).toMatchObject({
      'x-trino-user': 'tester',
      'x-trino-source': 'tickhouse',
      'x-trino-time-zone': 'UTC',
      'x-trino-session': 'lake.statistics_enabled=false,query_max_run_time=3s',
    })
    expect(headers.authorization).toBeUndefined()
  })

  it('logs in with user and password', async () => {
    trino.prepare({ last: true })
    await rows({ password: 'secret' })
    const { headers } = trino.received[0]!
    expect(headers.authorization).toBe(`Basic ${Buffer.from('tester:secret').toString('base64')}`)
  })
})

describe('a statement that fails', () => {
  const failure = (errorName: string, errorType: string) => ({
    error: { message: 'because', errorCode: 1, errorName, errorType },
    last: true,
  })

  it.each([
    ['SYNTAX_ERROR', 'USER_ERROR', false],
    ['SERVER_STARTING_UP', 'INTERNAL_ERROR', true],
    ['EXCEEDED_GLOBAL_MEMORY_LIMIT', 'INSUFFICIENT_RESOURCES', true],
    ['ICEBERG_CATALOG_ERROR', 'EXTERNAL', true],
  ])(
    'throws QueryFailed with %s; of type %s it is retryable: %s',
    async (errorName, errorType, retryable) => {
      trino.prepare({}, failure(errorName, errorType))
      const message = `Trino query q1 failed with ${errorName}: because`
      await expect(rows()).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        errorName,
        queryId: 'q1',
        retryable,
        message,
      })
    },
  )

  it('is noticed in the first answer too', async () => {
    trino.prepare(failure('SYNTAX_ERROR', 'USER_ERROR'))
    await expect(rows()).rejects.toMatchObject({ errorName: 'SYNTAX_ERROR' })
  })
})

describe('a server in trouble', () => {
  it('is asked again after 502, 503, 504 and 429', async () => {
    const troubles = [502, 503, 504, 429].map(status => ({ status }))
    trino.prepare(troubles[1]!, { columns }, ...troubles, { columns, data: [['A', 1]], last: true })
    expect(await rows()).toEqual([{ symbol: 'A', volume: 1 }])
    expect(trino.requests().filter(line => line.startsWith('POST'))).toHaveLength(2)
  })

  it('is asked for a page again when the answer was lost', async () => {
    trino.prepare({}, 'drop', 'drop', { columns, data: [['A', 1]], last: true })
    expect(await rows()).toEqual([{ symbol: 'A', volume: 1 }])
  })

  it('never gets a statement twice whose answer was lost', async () => {
    trino.prepare('drop', { columns, data: [['A', 1]], last: true })
    await expect(rows()).rejects.toMatchObject({ code: 'TRINO_UNAVAILABLE', retryable: true })
    expect(trino.requests()).toHaveLength(1)
  })

  it('is given up after the 5th lost answer in a row, and told so', async () => {
    trino.prepare({}, 'drop', 'drop', 'drop', 'drop', 'drop', { last: true })
    await expect(rows()).rejects.toMatchObject({ code: 'TRINO_UNAVAILABLE' })
    expect(trino.requests().map(line => line.split(' ')[0])).toEqual([
      'POST',
      ...Array(5).fill('GET'),
      'DELETE',
    ])
  })

  it('that has no node to run a statement on, as after its start, is asked again, but not for ever', async () => {
    const error = {
      message: 'No nodes',
      errorCode: 1,
      errorName: 'NO_NODES_AVAILABLE',
      errorType: 'INTERNAL_ERROR',
    }
    const failed = { error, last: true }
    trino.prepare({}, failed, failed, { columns, data: [['A', 1]], last: true })
    expect(await rows()).toEqual([{ symbol: 'A', volume: 1 }])
    trino.prepare(...Array(20).fill(failed))
    await expect(rows({ timeoutMs: 2_000 })).rejects.toMatchObject({ code: expect.stringMatching(/^QUERY_/) })
  })

  it('that forgot the query in a restart is unavailable', async () => {
    trino.prepare({}, { status: 404 })
    await expect(rows()).rejects.toMatchObject({
      code: 'TRINO_UNAVAILABLE',
      message: expect.stringMatching(/does not know query q1/),
    })
  })

  it('that refuses the login is not asked again', async () => {
    trino.prepare({ status: 401 }, { last: true })
    await expect(rows()).rejects.toMatchObject({ code: 'TRINO_REFUSED', retryable: false })
    expect(trino.requests()).toHaveLength(1)
  })

  it('that is not there is named', async () => {
    const query = new TrinoQuery({ url: 'http://127.0.0.1:1', user: 'tester' })
    await expect(query.rows('SELECT 1')).rejects.toThrow(/Trino at http:\/\/127\.0\.0\.1:1 .*ECONNREFUSED/)
  })

  it('that is no Trino is named', async () => {
    trino.prepare({ id: 7, last: true } as object)
    await expect(rows()).rejects.toThrow(/not from Trino/)
  })
})

describe('a statement that takes longer than 2 s', () => {
  it('is cancelled on the server when pages keep coming', async () => {
    trino.prepare(...Array(100).fill({ columns }), 'hang')
    await expect(rows({ timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'QUERY_TIMED_OUT',
      retryable: true,
      message: 'Trino did not finish query q1 within 2000 ms',
    })
    expect(trino.requests().at(-1)).toMatch(/^DELETE \/v1\/statement\/executing\/q1\//)
  })

  it.each(['hang' as const, { status: 503 }])(
    'is given up when the server only answers: %o',
    async answer => {
      trino.prepare(...Array(50).fill(answer))
      await expect(rows({ timeoutMs: 2_000 })).rejects.toMatchObject({ code: 'QUERY_TIMED_OUT' })
    },
  )
})
