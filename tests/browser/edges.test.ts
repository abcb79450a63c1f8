import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const EURUSD = { source: 'SOURCE_1', symbol: 'EURUSD', seed: 7, basePrice: 1.0842, decimals: 5 }
const made = madeUpCandles({ ...EURUSD, fromMs: NOW_MS - 3 * DAY_MS, toMs: NOW_MS })
const renamed = (source: string, symbol: string, candles: readonly Candle[] = made) =>
  candles.map(candle => ({ ...candle, source, symbol }))
/** The same candles at prices of another size. */
const sized = (symbol: string, factor: number) =>
  renamed('SIZES', symbol).map(candle => ({
    ...candle,
    open: candle.open * factor,
    high: candle.high * factor,
    low: candle.low * factor,
    close: candle.close * factor,
  }))

describe.skipIf(!CHROMIUM)('honest edges', () => {
  let browser: Browser
  let market: Market
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    expect(tab.complaints).toEqual([])
    await tab.close()
    await market.stop()
  })

  async function open(query: string, candles: readonly Candle[] = made, options: BrowserContextOptions = {}) {
    market = new Market(() => NOW_MS)
    market.commit(candles)
    await market.start()
    tab = await Tab.open(browser, `${market.url}${query}`, options)
  }

  test.each([
    ['1.5e-9', 1.5e-9, /^\d\.\d{5,8}e−9$/],
    ['1e308', 1e308, /^\d\.\d{5,8}e308$/],
    ['7e-7', 7e-7, /^0\.000000\d+$/],
    ['9e10', 9e10, /^\d{2,3}(,\d{3}){3}$/],
  ])(
    'prices of about %s are readable in the header, the legend, on the axis, and draw a chart',
    async (name, factor, text) => {
      await open(`?source=SIZES&symbol=${name}&timeframe=m5`, sized(name, factor))
      await tab.is('ready')
      expect(await tab.text('#price')).toMatch(text)
      const values = (await tab.text('#legend-candle')).match(/[OHLC] (?:Open|High|Low|Close) (\S+)/g)!
      expect(new Set(values.map(value => value.split(' ')[2])).size).toBeGreaterThan(1)
      const { up, down } = await tab.pixels()
      expect(Math.min(up, down)).toBeGreaterThan(1_000)
      const header = await tab.page.locator('header').boundingBox()
      expect(header!.height).toBeLessThan(60)
    },
  )

  test.each(['light', 'dark'] as const)(
    'forced colours draw a chart of two kinds of candles, %s',
    async colorScheme => {
      await open('?timeframe=m5&source=SOURCE_1&symbol=EURUSD&sma=20', made, {
        forcedColors: 'active',
        colorScheme,
      })
      await tab.is('ready')
      const { drawn, background } = await tab.pixels()
      expect(drawn).toBeGreaterThan(20_000)
      expect(background).toBe(colorScheme === 'dark' ? 0 : 255)
      const marks = await tab.page.evaluate(
        () => getComputedStyle(document.querySelector('#freshness .mark')!).width,
      )
      expect(marks).not.toBe('0px')
    },
  )

  test.each([
    ['?symbol=EURUSD', 'EURUSD SOURCE_1'],
    ['?symbol=btcusdt', 'BTC/USDT BINANCE'],
    ['?symbol=eur-usd&source=source1', 'EURUSD SOURCE_1'],
    ['?source=BINANCE', 'BTC/USDT BINANCE'],
    ['?source=binance&timeframe=h1', 'BTC/USDT BINANCE'],
    ['', 'BTC/USDT BINANCE'],
  ])('the link %s opens %s', async (query, opened) => {
    await open(query, [...made, ...renamed('BINANCE', 'BTC/USDT')])
    await tab.is('ready')
    await expect.poll(() => tab.text('#symbol')).toBe(opened)
    expect(tab.address('symbol')).toBe(opened.split(' ')[0])
  })

  test('without a name in the link, the symbol looked at last is opened, as it was looked at', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m5&scale=log', [
      ...made,
      ...renamed('BINANCE', 'BTC/USDT'),
    ])
    await tab.is('ready')
    await tab.page.goto(market.url)
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('EURUSD SOURCE_1')
    expect(tab.address('scale')).toBe('log')
  })

  test('a moment before the first candle opens the first ones, in a few requests', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m1&until=1999-05-01')
    await tab.is('ready')
    await tab.page.locator('#newest').waitFor()
    expect(market.asked.filter(({ to }) => to !== undefined).length).toBeLessThan(6)
    const first = made.find(({ timeframe }) => timeframe === 'm1')!
    await expect.poll(() => Date.parse(tab.address('until')!)).toBeGreaterThan(first.dateTimeUs / 1000)
    expect(Date.parse(tab.address('until')!)).toBeLessThan(first.dateTimeUs / 1000 + 4 * HOUR_MS)
  })

  test('36 candles in 55 years are drawn with a handful of requests', async () => {
    const years = Array.from({ length: 36 }, (_, i) => Date.UTC(1971 + i * 1.5, 3, 1, 12) * 1000)
    const sparse = TIMEFRAMES.flatMap(({ name }) =>
      years.map(dateTimeUs => ({ ...made[0]!, timeframe: name, dateTimeUs, close: 1 + dateTimeUs / 1e16 })),
    )
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=h1', sparse)
    await tab.is('ready')
    expect(await tab.count()).toBe(36)
    expect(market.asked.filter(({ from }) => from === undefined).length).toBeLessThanOrEqual(3)
    await tab.page.keyboard.press('g')
    await tab.page.locator('#go-moment').fill('1980-01-01T00:00')
    await tab.page.keyboard.press('Enter')
    await tab.shows('#legend', '1980')
  })

  test('the picker opens at the current symbol of 5,000, finds words in any order, and remembers', async () => {
    const names = Array.from({ length: 5_000 }, (_, i) => ({
      source: `S_${i % 7}`,
      symbol: `SYM ${String(i).padStart(4, '0')}`,
    }))
    await open('?source=SOURCE_1&symbol=SYM 3210&timeframe=m5', [
      ...renamed('SOURCE_1', 'SYM 3210'),
      ...renamed('ÉCOLE', 'Café/Crème'),
    ])
    market.names(names)
    await tab.page.reload()
    await tab.is('ready')
    await tab.page.keyboard.press('/')
    await tab.shows('#choices [aria-selected=true]', 'SYM 3210SOURCE_1')
    await tab.shows('#picker p', '5,002 symbols')
    await tab.page.keyboard.press('PageDown')
    await tab.shows('#choices [aria-selected=true]', 'SYM 3219')
    for (let presses = 0; presses < 12; presses++) await tab.page.keyboard.press('PageDown')
    await tab.shows('#choices [aria-selected=true]', 'SYM 3339')
    await tab.page.keyboard.type('creme ecole')
    await tab.shows('#choices [aria-selected=true]', 'Café/CrèmeÉCOLE')
    await tab.page.keyboard.press('Enter')
    await tab.shows('#symbol-name', 'Café/Crème')
    await tab.is('ready')
    await tab.page.keyboard.press('/')
    await tab.page.locator('#recent button', { hasText: 'SYM 3210' }).click()
    await tab.shows('#symbol-name', 'SYM 3210')
  })

  test('the keyboard moves the crosshair from candle to candle, and what it is on is said with names', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m5')
    await tab.is('ready')
    const last = made.filter(({ timeframe }) => timeframe === 'm5').slice(-3)
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#said', `14:30, Open ${last[2]!.open.toFixed(5)}, High ${last[2]!.high.toFixed(5)}`)
    await tab.page.keyboard.press('ArrowLeft')
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#said', `Volume ${last[0]!.volume}, State closed`)
    await tab.shows('#legend', /14:20.*closed/)
    await tab.page.keyboard.press('ArrowRight')
    await tab.shows('#said', '14:25')
    for (let presses = 0; presses < 160; presses++) await tab.page.keyboard.press('ArrowLeft')
    await tab.page.locator('#newest').waitFor()
    await tab.page.keyboard.press('Escape')
    await tab.shows('#legend', '14:30')
  })

  test('a table has what is on the screen, named and in the order of time', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m5&bars=20')
    await tab.is('ready')
    await tab.page.keyboard.press('r')
    const cells = await tab.page.locator('#table thead th').allInnerTexts()
    expect(cells).toEqual(['Time', 'Open', 'High', 'Low', 'Close', 'Volume', 'State'])
    const rows = await tab.page.locator('#table tbody tr').allInnerTexts()
    expect(rows[0]).toMatch(/^Tue 24 Nov 2026 14:30\s/)
    expect(rows.length).toBeGreaterThan(14)
    expect(rows.length).toBeLessThanOrEqual(21)
  })
})
