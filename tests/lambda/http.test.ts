import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import type { HttpSettings } from '../../lib/lambda/config.ts'
import { type Route, type Routes, respond } from '../../lib/lambda/http.ts'
import type { HttpAnswer } from '../../lib/lambda/httpResponse.ts'
import { type MetricServices, metricRoutes } from '../../lib/lambda/metricRoutes.ts'
import { pageRoutes } from '../../lib/lambda/pageRoutes.ts'
import type { Log } from '../../lib/ports.ts'
import { TrinoUnavailable } from '../../lib/trino/errors.ts'
import { eventOf } from '../browser/host.ts'
import { candle, withMonths } from '../support/candles.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'

const warnings: Readonly<Record<string, unknown>>[] = []
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_, fields = {}) => void warnings.push(fields),
}

const NAME = `O'NEIL|"😀 &?#+%`
const archive = new MemoryArchive(() => Date.UTC(2026, 0, 2))
archive.commit(withMonths([candle({ symbol: NAME, dateTimeUs: Date.UTC(2026, 0, 1, 12) * 1000 })]), {
  closedUntilUs: Date.UTC(2026, 0, 1, 23, 59) * 1000,
})
const routes = candleRoutes(archive, { nowMs: () => Date.UTC(2026, 0, 2, 0, 0, 7) })

const get = (url: string, headers: Record<string, string> = {}) =>
  respond(routes, eventOf({ url, headers }), log)

const ask = (method: string, url: string) => respond(routes, eventOf({ method, url }), log)

async function failing(error: unknown) {
  const route: Route = () => Promise.reject(error)
  const { statusCode, headers, body } = await respond({ 'GET /': route }, eventOf({ url: '/' }), log)
  return { statusCode, retryAfter: headers!['retry-after'], error: JSON.parse(body!).error }
}

describe('the routes of candles', () => {
  test('a symbol of quotes, bars, emoji and spaces is found by its name in the URL', async () => {
    const query = new URLSearchParams({ source: 'S', symbol: NAME, timeframe: 'm1' })
    const { statusCode, headers, body } = await get(`/candles?${query}`)
    expect(statusCode).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expect(JSON.parse(body!)).toEqual({
      source: 'S',
      symbol: NAME,
      timeframe: 'm1',
      candles: [
        {
          dateTime: '2026-01-01T12:00:00.000000Z',
          ...{ open: 1.5, high: 2.25, low: 0.1, close: 1.25, volume: 3, closed: true, revision: 1 },
          updatedAt: '2023-11-14T22:13:20.000001Z',
        },
      ],
      older: null,
      status: {
        closedUntil: '2026-01-01T23:59:00.000000Z',
        committedAt: '2026-01-02T00:00:00.000000Z',
        newestMinute: '2026-01-01T12:00:00.000000Z',
        staleHours: 0,
        serverTime: '2026-01-02T00:00:07.000000Z',
      },
    })
  })

  test('the recorded event asks for 5 candles of BNBUSD', async () => {
    const recorded = readFileSync(new URL('../../events/candles.http.json', import.meta.url), 'utf8')
    const { statusCode, body } = await respond(routes, JSON.parse(recorded), log)
    expect(statusCode).toBe(404)
    expect(JSON.parse(body!).error.message).toBe('There are no candles of "BNBUSD" from "SOURCE_1".')
  })

  test('what there is: 11 timeframes, short to long, and each source and symbol', async () => {
    const { timeframes, symbols } = JSON.parse((await get('/symbols')).body!)
    expect(timeframes).toEqual(['m1', 'm5', 'm10', 'm15', 'm30', 'h1', 'h3', 'h4', 'D1', 'W1', 'M1'])
    expect(symbols).toEqual([{ source: 'S', symbol: NAME }])
  })

  test('a client that has the answer gets none, until the next commit', async () => {
    const { headers } = await get('/symbols')
    const tag = { 'if-none-match': `"other", ${headers!.etag}` }
    expect(await get('/symbols', tag)).toMatchObject({ statusCode: 304, body: '' })
    archive.commit([])
    expect(await get('/symbols', tag)).toMatchObject({ statusCode: 200 })
  })

  test.each([
    ['/candles?symbol=x', 400, 'BAD_REQUEST'],
    ['/candles?source=a&symbol=b&timeframe=m1', 404, 'UNKNOWN_SYMBOL'],
    ['/else', 404, 'NOT_FOUND'],
  ])('%s is %i %s, as JSON that nobody keeps', async (url, status, code) => {
    const { statusCode, headers, body } = await get(url)
    expect([statusCode, JSON.parse(body!).error.code]).toEqual([status, code])
    expect(headers).toMatchObject({ 'cache-control': 'no-store' })
  })
})

describe('each path', () => {
  const { functions } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'))
  const eventsOf = (name: string): string[] =>
    functions[name].events.map(({ httpApi }: { httpApi: string }) => httpApi).sort()
  const pathsOf = (some: Routes) => Object.keys(some).map(key => key.replace(/^\w+/, 'ANY'))
  const nothing = {} as MetricServices

  test('of the routes is an httpApi event of serverless.yml, for any method; page has all other paths too', () => {
    expect(eventsOf('candles')).toEqual(pathsOf(routes).sort())
    expect(eventsOf('metrics')).toEqual(pathsOf(metricRoutes(nothing)).sort())
    const page = pathsOf(pageRoutes({ html: '', scripts: [], styles: [], files: {} }))
    expect(eventsOf('page')).toEqual(['*', ...page].sort())
  })

  test('takes HEAD as GET without the body', async () => {
    const { statusCode, headers, body } = await get('/symbols')
    expect(body).not.toBe('')
    expect(await ask('HEAD', '/symbols')).toEqual({ statusCode, headers, body: '' })
    expect(await ask('HEAD', '/candles?symbol=x')).toMatchObject({ statusCode: 400, body: '' })
  })

  test('says at OPTIONS what it takes', async () => {
    expect(await ask('OPTIONS', '/candles')).toMatchObject({
      statusCode: 204,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    })
    expect(await ask('OPTIONS', '/else')).toMatchObject({ statusCode: 404 })
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'])(
    '%s is 405, and it is said what is taken',
    async method => {
      const { statusCode, headers, body } = await ask(method, '/candles')
      expect([statusCode, headers!.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
      expect(JSON.parse(body!).error).toEqual({
        code: 'METHOD_NOT_ALLOWED',
        message: `/candles takes GET, HEAD, OPTIONS, not ${method}.`,
      })
      expect(await ask(method, '/else')).toMatchObject({ statusCode: 404 })
    },
  )
})

describe('a client that says what it has', () => {
  const tagged = { type: 'text/plain', tag: 'a,b', body: 'text' }
  const ask = async (ifNoneMatch: string, answer: HttpAnswer = tagged) =>
    respond({ 'GET /': () => answer }, eventOf({ url: '/', headers: { 'if-none-match': ifNoneMatch } }), log)

  test.each(['W/"a,b"', '"a,b"', '"x", W/"y" , "a,b"', '*', ' * '])('%s gets 304', async ifNoneMatch => {
    expect(await ask(ifNoneMatch)).toMatchObject({ statusCode: 304, body: '', headers: { etag: 'W/"a,b"' } })
  })

  test.each(['a,b', '"a", "b"', 'W/"a"', ''])('%s gets the body', async ifNoneMatch => {
    expect(await ask(ifNoneMatch)).toMatchObject({ statusCode: 200, body: 'text' })
  })

  test('anything (*) of what is not there gets the error', async () => {
    const { statusCode } = await get('/candles?source=a&symbol=b&timeframe=m1', { 'if-none-match': '*' })
    expect(statusCode).toBe(404)
  })
})

describe('an answer of 1,000 letters', () => {
  const routes = { 'GET /': () => ({ type: 'text/plain', body: 'x'.repeat(1_000) }) }

  test.each([
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['*', true],
    ['br, *;q=0.1', true],
    ['gzip, identity;q=0.5', true],
    ['gzip;q=1.000', true],
    ['', false],
    ['br', false],
    ['gzip;q=0', false],
    ['gzip; q=0.0', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzip;q=0.5, identity', false],
    ['gzip;q=much', false],
    ['gzippy', false],
  ])('to accept-encoding %j: compressed is %s', async (encoding, isCompressed) => {
    const headers = encoding === '' ? {} : { 'accept-encoding': encoding }
    const answer = await respond(routes, eventOf({ url: '/', headers }), log)
    expect(answer.headers!['content-encoding'] === 'gzip').toBe(isCompressed)
    expect(answer.isBase64Encoded ?? false).toBe(isCompressed)
  })
})

describe('a page of another origin', () => {
  const from = (corsOrigins: string[], origin: string | undefined, method = 'GET') => {
    const headers = origin === undefined ? {} : { origin }
    return respond(routes, eventOf({ method, url: '/symbols', headers }), log, { corsOrigins })
  }
  const allowed = async (...asked: Parameters<typeof from>) =>
    (await from(...asked)).headers!['access-control-allow-origin']

  test('may read nothing unless it is listed, or all may', async () => {
    expect(await allowed([], 'https://a.example')).toBeUndefined()
    expect(await allowed(['https://a.example'], 'https://a.example')).toBe('https://a.example')
    expect(await allowed(['https://a.example'], 'https://b.example')).toBeUndefined()
    expect(await allowed(['https://a.example'], undefined)).toBeUndefined()
    expect(await allowed(['*'], 'https://b.example')).toBe('*')
  })

  test('gets an answer of its own from caches, where the list decides', async () => {
    expect((await from(['https://a.example'], undefined)).headers!.vary).toBe('accept-encoding, origin')
    expect((await from(['*'], 'https://b.example')).headers!.vary).toBe('accept-encoding')
    expect((await from([], 'https://b.example')).headers!.vary).toBe('accept-encoding')
  })

  test('may read an error too; a preflight says for how long it holds', async () => {
    const headers = { origin: 'https://a.example' }
    const error = await respond(routes, eventOf({ url: '/else', headers }), log, { corsOrigins: ['*'] })
    expect(error).toMatchObject({ statusCode: 404, headers: { 'access-control-allow-origin': '*' } })
    expect((await from(['*'], 'https://a.example', 'OPTIONS')).headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'if-none-match',
      'access-control-max-age': '7200',
    })
    const refused = await from(['https://a.example'], 'https://b.example', 'OPTIONS')
    expect(Object.keys(refused.headers!).filter(name => name.startsWith('access-control'))).toEqual([])
  })
})

describe('the metrics', () => {
  const TOKEN = 'a-token-of-20-letters'
  const ask = (metrics: HttpSettings['metrics'], authorization?: string) => {
    // No service is asked before the token is.
    const services = { http: { metrics } } as MetricServices
    const headers = authorization === undefined ? {} : { authorization }
    return respond(metricRoutes(services), eventOf({ url: '/health', headers }), log)
  }

  test.each([[undefined], ['Bearer a-token-of-20-lettersX'], [`Basic ${TOKEN}`], [TOKEN], ['']])(
    'with %j in the place of the token are 401',
    async authorization => {
      const { statusCode, headers, body } = await ask({ token: TOKEN }, authorization)
      expect([statusCode, headers!['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(body).not.toContain(TOKEN)
    },
  )

  test('are 403 where no token is set and strangers may come', async () => {
    expect(await ask('closed', `Bearer ${TOKEN}`)).toMatchObject({ statusCode: 403 })
  })

  test.each([['open' as const], [{ token: TOKEN }]])('are answered: %j', async access => {
    // The request passes, and fails at the services, which are missing here.
    expect(await ask(access, `Bearer ${TOKEN}`)).toMatchObject({ statusCode: 500 })
    expect(await ask(access, `bearer  ${TOKEN}`)).toMatchObject({ statusCode: 500 })
  })
})

describe('an error', () => {
  test('that may pass is 503, its cause in the log with the request id, not in the answer', async () => {
    const { statusCode, error, retryAfter } = await failing(
      new TrinoUnavailable('http://10.0.0.1:8090', 'refused'),
    )
    expect([statusCode, error.code, retryAfter]).toEqual([503, 'UNAVAILABLE', '1'])
    expect(error.message).not.toMatch(/10\.0\.0\.1|Trino/i)
    expect(warnings.at(-1)).toMatchObject({
      requestId: 'a-request',
      code: 'TRINO_UNAVAILABLE',
      route: 'GET /',
    })
  })

  test('a route that never ends is 503 when its time is over', async () => {
    const routes = { 'GET /': () => new Promise<never>(() => undefined) }
    const { statusCode, body } = await respond(routes, eventOf({ url: '/' }), log, { withinMs: 20 })
    expect([statusCode, JSON.parse(body!).error.code]).toEqual([503, 'UNAVAILABLE'])
    expect(warnings.at(-1)).toMatchObject({ code: 'TOOK_TOO_LONG' })
  })

  test.each([[new TypeError('x is undefined at /var/task')], ['a text'], [undefined]])(
    '%s is 500 and tells no more than the request id',
    async thrown => {
      const { statusCode, error } = await failing(thrown)
      expect([statusCode, error.code]).toEqual([500, 'INTERNAL'])
      expect(error.message).toBe('Something is wrong here; the log says what at request a-request.')
      expect(warnings.at(-1)).toMatchObject({ requestId: 'a-request' })
    },
  )
})
