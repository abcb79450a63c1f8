import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RestCatalog } from '../../lib/iceberg/restCatalog.ts'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import { respond } from '../../lib/lambda/http.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { Offline } from '../integration/offline.ts'
import { readTopics, sandboxEnv, sendMessages, services, until } from '../integration/sandbox.ts'
import { TICKS_TOPIC, tickMessage } from '../integration/ticks.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { eventOf } from './host.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const SOURCE = `PAGE_${Date.now()}`
const SYMBOLS = ['EURUSD', `O'NEIL|"😀 &?#+%`]
const connections = services()
const url = `http://127.0.0.1:${sandboxEnv().HTTP_PORT}/`
let offline: Offline
let browser: Browser | undefined

/** A moment of an hour that is over, `seconds` after its beginning. */
const hourMs = Math.floor(Date.now() / 3_600_000 - 2) * 3_600_000
const moment = (seconds: number) => new Date(hourMs + seconds * 1000).toISOString().slice(0, 23)

async function sendTicks(symbol: string, seconds: readonly number[]): Promise<void> {
  const ticks = seconds.map(at => ({
    ...{ source: SOURCE, symbol, number: at, dateTime: moment(at) },
    mid: 100 + ((at * 7) % 31) / 8,
  }))
  await sendMessages(TICKS_TOPIC, ticks.map(tickMessage))
}

/** Waits until ingest has all, then rolls up: as the schedule would. */
async function settle(): Promise<void> {
  await until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)
  await offline.rollUpAll()
}

const candlesUrl = (query: Record<string, string>) => `${url}candles?${new URLSearchParams(query)}`

beforeAll(async () => {
  offline = await Offline.start('page', { CANDLES: 'false' })
  const thirtyMinutes = Array.from({ length: 120 }, (_, i) => i * 15)
  for (const symbol of SYMBOLS) await sendTicks(symbol, thirtyMinutes)
  await settle()
  if (CHROMIUM) browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await offline?.stop()
  await connections.close()
})

describe('GET /candles of the running functions', () => {
  test('gives the candles of all 11 timeframes as a fold of the ticks has them, of names with any character', async () => {
    const messages = await readTopics([TICKS_TOPIC])
    const ours = messages.filter(({ value }) => value?.includes(`"${SOURCE}"`))
    const expected = expectedCandles(
      ours.map(({ value, partition, offset }) => oracleTick(value!, partition, offset)),
    )
    const found = []
    for (const symbol of SYMBOLS) {
      for (const { name: timeframe } of TIMEFRAMES) {
        const answer = await fetch(candlesUrl({ source: SOURCE, symbol, timeframe }))
        expect(answer.status).toBe(200)
        const { candles, older } = (await answer.json()) as {
          candles: { dateTime: string }[]
          older: string | null
        }
        expect(older).toBeNull()
        const start = (dateTime: string) => dateTime.replace('000Z', 'Z')
        found.push(
          ...candles.map(candle => ({
            ...candle,
            source: SOURCE,
            symbol,
            timeframe,
            start: start(candle.dateTime),
          })),
        )
      }
    }
    expect(sorted(found as never)).toEqual(expected)
  })

  test('is paged: 30 candles in pages of 7, each once', async () => {
    const starts: string[] = []
    let to: string | null = moment(3_600)
    for (let pages = 0; to !== null; pages++) {
      expect(pages).toBeLessThan(10)
      const answer = await fetch(
        candlesUrl({ source: SOURCE, symbol: SYMBOLS[1]!, timeframe: 'm1', from: moment(0), to, limit: '7' }),
      )
      const page = (await answer.json()) as { candles: { dateTime: string }[]; older: string | null }
      starts.unshift(...page.candles.map(({ dateTime }) => dateTime))
      to = page.older
    }
    expect(starts).toEqual(Array.from({ length: 30 }, (_, i) => `${moment(i * 60)}000Z`))
  })

  test('is compressed, and not sent again while nothing has changed', async () => {
    const query = { source: SOURCE, symbol: 'EURUSD', timeframe: 'm1' }
    const first = await fetch(candlesUrl(query), { headers: { 'accept-encoding': 'gzip' } })
    expect(first.headers.get('content-encoding')).toBe('gzip')
    const again = await fetch(candlesUrl(query), { headers: { 'if-none-match': first.headers.get('etag')! } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test.each([
    ['candles?source=a', 400, 'BAD_REQUEST'],
    ['candles?source=a&symbol=%00%27&timeframe=m1', 404, 'UNKNOWN_SYMBOL'],
    ['page/nothing.js', 404, 'NOT_FOUND'],
  ])('%s is %i with a JSON error', async (path, status, code) => {
    const answer = await fetch(`${url}${path}`)
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ])
  })

  test('is 503 at once while the catalog is away', async () => {
    const catalog = new RestCatalog({
      ...{ uri: 'http://127.0.0.1:9', warehouse: 's3://warehouse' },
      auth: { type: 'none' },
    })
    const routes = candleRoutes(new TableArchive({ ...connections, catalog }))
    const event = eventOf({ url: '/symbols' })
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
    expect(await respond(routes, event, log)).toMatchObject({
      statusCode: 503,
    })
  })
})

describe.skipIf(!CHROMIUM)('the page of the running functions, in a browser', () => {
  test('draws a symbol of any characters, and shows a new candle by itself once a rollup has made it', async () => {
    const query = new URLSearchParams({ source: SOURCE, symbol: SYMBOLS[1]!, timeframe: 'm1' })
    const tab = await Tab.open(browser!, `${url}?${query}`)
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe(`${SYMBOLS[1]} ${SOURCE}`)
    expect(await tab.count()).toBe(30)
    const { up, down } = await tab.pixels()
    expect(Math.min(up, down)).toBeGreaterThan(200)
    await sendTicks(SYMBOLS[1]!, [1_800, 1_830])
    await settle()
    await expect.poll(() => tab.count()).toBe(31)
    await tab.shows('#legend', `${moment(1_800).slice(11, 16)}`)
    expect(tab.complaints).toEqual([])
    await tab.close()
  })

  test('switches through all 11 timeframes', async () => {
    const query = new URLSearchParams({ source: SOURCE, symbol: 'EURUSD', timeframe: 'm1' })
    const tab = await Tab.open(browser!, `${url}?${query}`)
    for (const { name } of TIMEFRAMES) {
      await tab.page.locator('#timeframes button', { hasText: new RegExp(`^${name}$`) }).click()
      await tab.shows('#timeframes button[aria-pressed=true]', new RegExp(`^${name}$`))
      await tab.is('ready')
      const { up, down } = await tab.pixels()
      expect(up + down, `pixels of ${name}`).toBeGreaterThan(20)
    }
    expect(tab.complaints).toEqual([])
    await tab.close()
  })
})
