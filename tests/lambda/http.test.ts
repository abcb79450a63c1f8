import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import { type Route, respond } from '../../lib/lambda/http.ts'
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

async function failing(error: unknown) {
  const route: Route = () => Promise.reject(error)
  const { statusCode, body } = await respond({ 'GET /': route }, eventOf({ url: '/' }), log)
  return { statusCode, error: JSON.parse(body!).error }
}

describe('the routes of candles', () => {
  test('are just the httpApi events of serverless.yml', () => {
    const { functions } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'))
    const events: { httpApi: string }[] = functions.candles.events
    expect(events.map(({ httpApi }) => httpApi).sort()).toEqual(Object.keys(routes).sort())
  })

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
    expect(JSON.parse(body!).error.message).toBe('there are no candles of "BNBUSD" from "SOURCE_1"')
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
    ['/page/app.ts', 404, 'NOT_FOUND'],
    ['/page/tsconfig.json', 404, 'NOT_FOUND'],
    ['/page/..%2fpackage.json', 404, 'NOT_FOUND'],
    ['/page/constructor', 404, 'NOT_FOUND'],
    ['/else', 404, 'NOT_FOUND'],
  ])('%s is %i %s, as JSON that nobody keeps', async (url, status, code) => {
    const { statusCode, headers, body } = await get(url)
    expect([statusCode, JSON.parse(body!).error.code]).toEqual([status, code])
    expect(headers).toMatchObject({ 'cache-control': 'no-store' })
  })

  test('the page and its 4 kinds of files come with their types, may load nothing foreign, and are kept by tag', async () => {
    const types = {
      '/': 'text/html',
      '/page/app.js': 'text/javascript',
      '/page/style.css': 'text/css',
      '/page/icon.svg': 'image/svg+xml',
    }
    for (const [url, type] of Object.entries(types)) {
      const { headers } = await get(url)
      expect(headers).toMatchObject({
        'content-type': `${type}; charset=utf-8`,
        'x-content-type-options': 'nosniff',
      })
      expect(headers!['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; /)
      expect(await get(url, { 'if-none-match': String(headers!.etag) })).toMatchObject({ statusCode: 304 })
    }
  })

  test('every file that the page names is there', async () => {
    const page = (await get('/')).body!
    const scripts = [...page.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path]) => `/${path}`)
    expect(scripts.length).toBeGreaterThan(3)
    for (const url of scripts) expect([url, (await get(url)).statusCode]).toEqual([url, 200])
  })

  test('the chart library, 198 kB, goes over the line in less than a third', async () => {
    const answer = await get('/page/lightweight-charts.js', { 'accept-encoding': 'gzip, br' })
    expect(answer).toMatchObject({
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip', vary: 'accept-encoding' },
    })
    const bytes = Buffer.from(answer.body!, 'base64')
    expect(bytes.length * 3).toBeLessThan(gunzipSync(bytes).length)
    const plain = await get('/page/lightweight-charts.js')
    expect(gunzipSync(bytes).toString()).toBe(plain.body)
  })
})

describe('an error', () => {
  test('that may pass is 503, its cause in the log with the request id, not in the answer', async () => {
    const { statusCode, error } = await failing(new TrinoUnavailable('http://10.0.0.1:8090', 'refused'))
    expect([statusCode, error.code]).toEqual([503, 'UNAVAILABLE'])
    expect(error.message).not.toMatch(/10\.0\.0\.1|Trino/i)
    expect(warnings.at(-1)).toMatchObject({
      requestId: 'a-request',
      code: 'TRINO_UNAVAILABLE',
      route: 'GET /',
    })
  })

  test('a route that never ends is 503 when its time is over', async () => {
    const routes = { 'GET /': () => new Promise<never>(() => undefined) }
    const { statusCode, body } = await respond(routes, eventOf({ url: '/' }), log, 20)
    expect([statusCode, JSON.parse(body!).error.code]).toEqual([503, 'UNAVAILABLE'])
    expect(warnings.at(-1)).toMatchObject({ code: 'TOOK_TOO_LONG' })
  })

  test.each([[new TypeError('x is undefined at /var/task')], ['a text'], [undefined]])(
    '%s is 500 and tells no more than the request id',
    async thrown => {
      const { statusCode, error } = await failing(thrown)
      expect([statusCode, error.code]).toEqual([500, 'INTERNAL'])
      expect(error.message).toBe('something is wrong here; the log says what at request a-request')
      expect(warnings.at(-1)).toMatchObject({ requestId: 'a-request' })
    },
  )
})
