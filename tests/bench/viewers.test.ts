import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { Browser } from '../../bench/viewers/browser.ts'
import type { AnsweredCandle } from '../../bench/viewers/candlesAnswer.ts'
import { difference, staleness } from '../../bench/viewers/checkAnswers.ts'
import { loadsFigures, looksFigures } from '../../bench/viewers/figures.ts'
import { viewersOptions } from '../../bench/viewers/options.ts'
import { loadPages, readShell, referencesIn } from '../../bench/viewers/pageLoads.ts'
import { type Look, Viewer } from '../../bench/viewers/viewer.ts'
import { buildWideHistory } from '../../bench/viewers/wideHistory.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { bucketEnd, finerOf, TIMEFRAMES, type TimeframeName } from '../../lib/market/timeframe.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { newWorld } from '../support/world.ts'

test('20 symbols and then 5,000 are what is wanted unless said', () => {
  expect(viewersOptions({ values: {} })).toMatchObject({ symbols: [20, 5_000], days: 365, viewers: 50 })
  expect(viewersOptions({ values: { symbols: '7' } }).symbols).toEqual([7])
  expect(() => viewersOptions({ values: { days: '30' } })).toThrow('--days 30')
})

function candle(minute: number, fields: Partial<AnsweredCandle> = {}): AnsweredCandle {
  const dateTime = `2026-11-25T18:${String(minute).padStart(2, '0')}:00.000000Z`
  const values = { open: 1, high: 4, low: 1, close: 2, volume: 3, closed: true, revision: 1 }
  return { dateTime, ...values, updatedAt: '2026-11-25T18:59:00.000000Z', ...fields }
}

let server: Server | undefined
afterEach(() => server?.close())

/** A server that answers with `answer`; returns its address. */
async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer)
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a viewer', () => {
  const instrument = { source: 'S', symbol: 'X Y' }
  const tag = 'W/"1-77"'
  const status = { committedAt: '2026-11-25T18:59:00.250000Z' }

  /** A server of candles that gives 304 to a known tag, and the requests that it got. */
  async function serveCandles(candles: readonly AnsweredCandle[]) {
    const asked: string[] = []
    const origin = await serve(({ url, headers }, response) => {
      asked.push(url!)
      if (headers['if-none-match'] === tag) response.writeHead(304, { etag: tag }).end()
      else {
        const body = gzipSync(JSON.stringify({ candles, older: null, status }))
        response.writeHead(200, { etag: tag, 'content-encoding': 'gzip' }).end(body)
      }
    })
    return { asked, origin }
  }

  test('asks for all at first, then from the last but one on, and then whether that has changed', async () => {
    const { asked, origin } = await serveCandles([candle(1), candle(2), candle(3)])
    const browser = new Browser(origin)
    const viewer = new Viewer(browser, instrument)
    for (let i = 0; i < 3; i++) await viewer.look('m1')
    browser.close()
    const from = encodeURIComponent(candle(2).dateTime)
    const all = '/candles?source=S&symbol=X+Y&timeframe=m1'
    expect(asked).toEqual([all, `${all}&from=${from}`, `${all}&from=${from}`])
    const version = { committedAtMs: Date.parse('2026-11-25T18:59:00.250Z') }
    expect(viewer.looks).toMatchObject([{ version }, { version }, { version }])
    expect(viewer.looks.map(({ candles }) => candles?.length)).toEqual([3, 3, undefined])
  })

  test('reads the time of the commit from the answer, where it has one', async () => {
    const origin = await serve((_, response) => response.end(JSON.stringify({ candles: [], status })))
    const browser = new Browser(origin)
    const { version } = await new Viewer(browser, instrument).look('m1')
    browser.close()
    expect(version).toEqual({ committedAtMs: Date.parse('2026-11-25T18:59:00.250Z') })
  })

  test.each([
    [503, '{}', '503'],
    [200, '{"errorMessage":"[504] - Lambda timeout."}', 'message'],
    [200, '<html>', 'message'],
  ])('counts status %i with %s as the error %s', async (status, body, error) => {
    const origin = await serve((_, response) => response.writeHead(status).end(body))
    const browser = new Browser(origin)
    const look = await new Viewer(browser, instrument).look('m1')
    browser.close()
    expect(look.error).toBe(error)
  })

  test('counts a connection that breaks as an error', async () => {
    const origin = await serve((_, response) => response.destroy())
    const browser = new Browser(origin)
    const look = await new Viewer(browser, instrument).look('m1')
    browser.close()
    expect(look.error).toBe('network')
  })
})

describe('the page', () => {
  const files: Record<string, readonly [type: string, body: string]> = {
    '/': [
      'text/html; charset=utf-8',
      '<link rel="icon" href="page/i.svg"><script type="module" src="page/a.js"></script><a href="https://x.example/">',
    ],
    '/page/i.svg': ['image/svg+xml', '<svg/>'],
    '/page/a.js': [
      'text/javascript',
      "import {\n  b,\n} from './b.js'\nexport * from './c.js'\n/** @import { D } from './types.js' */",
    ],
    '/page/b.js': ['text/javascript', "import './c.js'"],
    '/page/c.js': ['text/javascript', ''],
  }

  test('refers to what a browser loads: links, scripts, imports and urls of its own origin', () => {
    expect(referencesIn('/', ...files['/']!)).toEqual(['/page/i.svg', '/page/a.js'])
    expect(referencesIn('/page/a.js', ...files['/page/a.js']!)).toEqual(['/page/b.js', '/page/c.js'])
    const css = "@import 'x.css'; a { background: url(y.png) }"
    expect(referencesIn('/page/s.css', 'text/css', css)).toEqual(['/page/x.css', '/page/y.png'])
    const minified = 'import{a as b}from"./n.js";const c=1;import("./lazy.js")'
    expect(referencesIn('/page/m.js', 'text/javascript', minified)).toEqual(['/page/n.js'])
  })

  test('is loaded with each of its files once, over and over', async () => {
    const asked: string[] = []
    const origin = await serve(({ url }, response) => {
      asked.push(url!)
      const [type, body] = files[url!]!
      response.setHeader('content-type', type).end(body)
    })
    const shell = await readShell(origin)
    asked.length = 0
    const loads = await loadPages(origin, shell, 2)
    expect(asked.sort()).toEqual([...shell.keys(), ...shell.keys()].sort())
    expect(loadsFigures(loads, shell.size)).toMatchObject({ count: 2, files: 5, errors: 0 })
  })

  test('has an error for each file that does not come as it is', async () => {
    let isWell = true
    const origin = await serve(({ url }, response) => {
      const [type, body] = files[url!]!
      response.setHeader('content-type', type)
      if (!isWell && url === '/page/b.js') response.writeHead(503)
      response.end(!isWell && url === '/page/c.js' ? 'other' : body)
    })
    const shell = await readShell(origin)
    isWell = false
    const loads = await loadPages(origin, shell, 1)
    expect(loadsFigures(loads, 5)).toMatchObject({ errors: 2, errors_503: 1, errors_body: 1 })
  })
})

describe('an answer', () => {
  test('is right with the same candles, with times in any form', () => {
    const given = [candle(1), candle(2, { updatedAt: '2026-11-25T18:59:00Z' })]
    expect(difference(given, [candle(1), candle(2)])).toBeUndefined()
  })

  test.each([
    ['another value', [candle(1), candle(2, { close: 3 })]],
    ['one too few', [candle(1)]],
    ['one too many', [candle(1), candle(2), candle(3)]],
    ['one missing between', [candle(2)]],
  ])('is wrong with %s', (_, given) => {
    expect(difference(given, [candle(1), candle(2)])).toContain('candle')
  })

  const snapshots = [{ timestampMs: 1_000 }, { timestampMs: 61_000 }]

  test('is right of the newest commit, and for seconds after another one', () => {
    expect(staleness(snapshots, { version: { committedAtMs: 61_000 }, sentAtMs: 900_000 })).toBeUndefined()
    expect(staleness(snapshots, { version: { committedAtMs: 1_000 }, sentAtMs: 62_000 })).toBeUndefined()
    expect(staleness(snapshots, { version: { committedAtMs: 61_000 }, sentAtMs: 900_000 })).toBeUndefined()
  })

  test('is wrong of a commit that was replaced long before, or that there never was', () => {
    expect(staleness(snapshots, { version: { committedAtMs: 1_000 }, sentAtMs: 70_000 })).toContain('9000 ms')
    expect(staleness(snapshots, { version: { committedAtMs: 5 }, sentAtMs: 0 })).toContain('never was')
  })
})

test('figures have the times of good looks alone, and the others by what was wrong', () => {
  const question = { source: 'S', symbol: 'X', timeframe: 'm1' }
  const look = (tookMs: number, fields: Partial<Look>): Look => ({ question, sentAtMs: 0, tookMs, ...fields })
  const looks = [look(10, { candles: [] }), look(30, {}), look(9_999, { error: '503' })]
  expect(looksFigures(looks, 150)).toEqual({
    ...{ count: 3, unchanged: 1, p50_ms: 10, p95_ms: 30, max_ms: 30, goal_p95_ms: 150 },
    ...{ errors: 1, errors_503: 1 },
  })
})

describe('a wide history', () => {
  const endUs = Date.parse('2026-03-02T10:17:00Z') * 1000

  async function stored(): Promise<Candle[]> {
    const { services, catalog } = await newWorld()
    await buildWideHistory(services, { symbols: 3, days: 40, endUs })
    const files = await planFiles(services.store, await catalog.loadTable(CANDLES_TABLE))
    return (await Promise.all(files.map(file => readCandles(services.store, file)))).flat()
  }

  test('has days since its beginning, hours of 30 days and minutes of the last hours', async () => {
    const byTimeframe = Map.groupBy(await stored(), ({ timeframe }) => timeframe)
    const counts = Object.fromEntries([...byTimeframe].map(([name, candles]) => [name, candles.length / 3]))
    expect(counts).toEqual({
      ...{ m1: 557, m5: 112, m10: 56, m15: 38, m30: 19 },
      ...{ h1: 731, h3: 244, h4: 183, D1: 41, W1: 7, M1: 3 },
    })
  })

  test('has open candles that their finer ones are put together to', async () => {
    const candles = await stored()
    const of = (timeframe: TimeframeName) => candles.filter(candle => candle.timeframe === timeframe)
    for (const timeframe of TIMEFRAMES) {
      const finer = finerOf(timeframe)
      const open = of(timeframe.name).filter(({ closed }) => !closed)
      expect(open).toHaveLength(timeframe.name === 'm1' ? 0 : 3)
      for (const { symbol, dateTimeUs, high, close, volume } of open) {
        const within = of(finer!.name as TimeframeName).filter(
          it =>
            it.symbol === symbol &&
            it.dateTimeUs >= dateTimeUs &&
            it.dateTimeUs < bucketEnd(timeframe, dateTimeUs),
        )
        expect(Math.max(...within.map(it => it.high))).toBe(high)
        expect(within.toSorted((a, b) => a.dateTimeUs - b.dateTimeUs).at(-1)!.close).toBe(close)
        expect(within.reduce((sum, it) => sum + it.volume, 0)).toBe(volume)
      }
    }
  })
})
