import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import { madeUpCandles } from './candles.ts'
import { Market, refusal } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const FEW = madeUpCandles({
  ...{ source: 'SOURCE_1', symbol: 'BNBUSD', seed: 3, basePrice: 627, decimals: 2 },
  ...{ fromMs: NOW_MS - 3_600_000, toMs: NOW_MS },
})

describe.skipIf(!CHROMIUM)('a browser without candles to show', () => {
  let browser: Browser
  let market: Market
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    await tab.close()
    await market.stop()
  })

  async function open(candles: readonly Candle[], query = '', prepare = (_: Market) => {}): Promise<void> {
    market = new Market(() => NOW_MS)
    market.commit(candles)
    prepare(market)
    await market.start()
    tab = await Tab.open(browser, `${market.url}${query}`)
  }

  test('says that there are no candles yet, and draws them as soon as there are', async () => {
    await open([])
    await tab.is('empty')
    expect(await tab.text('#message')).toMatch(/^No candles yet They appear here by themselves/)
    market.commit(FEW)
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('BNBUSD SOURCE_1')
    expect(tab.complaints).toEqual([])
  })

  test('names a symbol that does not exist, offers those that do, and waits for it', async () => {
    await open(FEW, '?source=SOURCE_1&symbol=%22gone%22&timeframe=m5')
    await tab.is('unknown')
    expect(await tab.text('#message')).toMatch(
      'No such symbol There are no candles of “"gone"” from “SOURCE_1”',
    )
    await tab.page.locator('#message button').click()
    await tab.shows('#choices', 'BNBUSD')
    await tab.page.keyboard.press('Escape')
    market.commit(FEW.map(candle => ({ ...candle, symbol: '"gone"' })))
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('"gone" SOURCE_1')
  })

  test('keeps the candles while the server is away, says so, and is live again when it is back', async () => {
    await open(FEW)
    await tab.is('ready')
    await tab.shows('#freshness', 'Live')
    await market.stop()
    await tab.shows('#freshness[data-kind=away]', 'not reached, trying again')
    await tab.shows('#freshness-age', /^as of 14:31:\d\d$/)
    await tab.is('ready')
    expect((await tab.pixels()).drawn).toBeGreaterThan(10_000)
    const last = FEW.findLast(({ timeframe }) => timeframe === 'm1')!
    market.commit([{ ...last, close: 700, high: 700 }])
    await market.start()
    await tab.shows('#freshness[data-kind=live]', 'Live')
    await tab.shows('#price', '700.00')
  })

  test('gives the server’s own words on why there are no candles, and shows them when there are', async () => {
    await open(FEW, '?source=SOURCE_1&symbol=BNBUSD&timeframe=m1', starting => {
      starting.failure = refusal(503, 'UNAVAILABLE', 'The store of candles is away; try again.')
    })
    await tab.is('away')
    expect(await tab.text('#message')).toBe(
      'The candles are out of reach The store of candles is away; try again.',
    )
    market.failure = undefined
    await tab.is('ready')
  })

  test('takes the shortest timeframe for one that does not exist, and no candles of a timeframe for what it is', async () => {
    await open(
      FEW.filter(({ timeframe }) => timeframe !== 'h4'),
      '?source=SOURCE_1&symbol=BNBUSD&timeframe=x7',
    )
    await tab.is('ready')
    expect(tab.address('timeframe')).toBe('m1')
    await tab.page.locator('#timeframes button', { hasText: /^h4$/ }).click()
    await tab.is('nothing')
    expect(await tab.text('#message')).toMatch('No h4 candles of BNBUSD yet')
    expect(tab.complaints).toEqual([])
  })
})
