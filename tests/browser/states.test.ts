import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { CandleArchive } from '../../lib/query/candleArchive.ts'
import { TrinoUnavailable } from '../../lib/trino/errors.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'
import { madeUpCandles } from './candles.ts'
import { Host } from './host.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const FEW = madeUpCandles({
  ...{ source: 'SOURCE_1', symbol: 'BNBUSD', seed: 3, basePrice: 627, decimals: 2 },
  ...{ fromMs: NOW_MS - 3_600_000, toMs: NOW_MS },
})

describe.skipIf(!CHROMIUM)('a browser without candles to show', () => {
  let browser: Browser
  let host: Host
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    await tab.close()
    await host.stop()
  })

  async function open(archive: CandleArchive, query = ''): Promise<void> {
    host = await Host.start(archive)
    tab = await Tab.open(browser, `${host.url}${query}`)
  }

  test('says that there are no candles yet, and draws them as soon as there are', async () => {
    const archive = new MemoryArchive(() => NOW_MS)
    await open(archive)
    await tab.is('empty')
    expect(await tab.text('#message')).toMatch(/^No candles yet They appear here by themselves/)
    archive.commit(FEW)
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('BNBUSD SOURCE_1')
    expect(tab.complaints).toEqual([])
  })

  test('names a symbol that does not exist, offers those that do, and waits for it', async () => {
    const archive = new MemoryArchive(() => NOW_MS)
    archive.commit(FEW)
    await open(archive, '?source=SOURCE_1&symbol=%22gone%22&timeframe=m5')
    await tab.is('unknown')
    expect(await tab.text('#message')).toMatch(
      'No such symbol There are no candles of “"gone"” from “SOURCE_1”',
    )
    await tab.page.locator('#message button').click()
    await tab.shows('#choices', 'BNBUSD')
    await tab.page.keyboard.press('Escape')
    archive.commit(FEW.map(candle => ({ ...candle, symbol: '"gone"' })))
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('"gone" SOURCE_1')
    expect(tab.complaints).toEqual([])
  })

  test('keeps the candles while the server is away, says so, and is live again when it is back', async () => {
    const archive = new MemoryArchive(() => NOW_MS)
    archive.commit(FEW)
    await open(archive)
    await tab.is('ready')
    await tab.shows('#link', 'Live')
    await host.stop()
    await tab.shows('#link[data-link=away]', 'Not reached')
    await tab.is('ready')
    expect((await tab.pixels()).drawn).toBeGreaterThan(10_000)
    const last = FEW.findLast(({ timeframe }) => timeframe === 'm1')!
    archive.commit([{ ...last, close: 700, high: 700 }])
    host = await Host.start(archive, Number(new URL(host.url).port))
    await tab.shows('#link[data-link=live]', 'Live')
    await tab.shows('#price', '700.00')
  })

  test('says that the candles are out of reach while the query engine is away, without a word of the inside', async () => {
    const archive = new MemoryArchive(() => NOW_MS)
    archive.commit(FEW)
    let isAway = true
    const current = async () => {
      if (isAway) throw new TrinoUnavailable('http://10.0.0.1:8090', 'connection refused')
      return archive.current()
    }
    await open({ current })
    await tab.is('away')
    const text = await tab.text('#message')
    expect(text).toBe('The candles are out of reach This is not to be had at the moment; try again.')
    expect(host.warnings[0]).toMatchObject({ code: 'TRINO_UNAVAILABLE' })
    isAway = false
    await tab.is('ready')
  })

  test('takes the shortest timeframe for one that does not exist, and no candles of a timeframe for what it is', async () => {
    const archive = new MemoryArchive(() => NOW_MS)
    archive.commit(FEW.filter(({ timeframe }) => timeframe !== 'h4'))
    await open(archive, '?source=SOURCE_1&symbol=BNBUSD&timeframe=x7')
    await tab.is('ready')
    expect(tab.address('timeframe')).toBe('m1')
    await tab.page.locator('#timeframes button', { hasText: /^h4$/ }).click()
    await tab.is('nothing')
    expect(await tab.text('#message')).toMatch('No h4 candles of BNBUSD yet')
    expect(tab.complaints).toEqual([])
  })
})
