import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

/** A Tuesday. */
const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const DAY_MS = 86_400_000
const made = [
  { source: 'SOURCE_1', symbol: 'EURUSD', seed: 7, basePrice: 1.0842, decimals: 5 },
  { source: 'BINANCE', symbol: 'BTC/USDT', seed: 3, basePrice: 62_700, decimals: 2 },
].flatMap(of => madeUpCandles({ ...of, fromMs: NOW_MS - 40 * DAY_MS, toMs: NOW_MS }))
const of = (timeframe: string, symbol = 'EURUSD') =>
  made.filter(candle => candle.timeframe === timeframe && candle.symbol === symbol)

const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
}

describe.skipIf(!CHROMIUM)('what a trader looks for', () => {
  let browser: Browser
  let market: Market
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
    market = new Market(() => NOW_MS)
    market.commit(made)
    await market.start()
  })
  afterAll(async () => {
    await market?.stop()
    await browser?.close()
  })
  afterEach(async () => {
    expect(tab.complaints).toEqual([])
    await tab.close()
  })

  async function open(more = '', options: BrowserContextOptions = {}): Promise<void> {
    tab = await Tab.open(browser, `${market.url}?source=SOURCE_1&symbol=EURUSD&timeframe=m5${more}`, options)
    await tab.is('ready')
  }

  test('the change of the day, and what it is measured against', async () => {
    await open()
    const [monday, today] = of('D1').slice(-2)
    const change = ((today!.close / monday!.close - 1) * 100).toFixed(2).replace('-', '−')
    await tab.shows('#change', `${change} % vs Mon close`)
  })

  test('a time zone: UTC at first, then an exchange’s, in the clock, the legend, the address and after a reload', async () => {
    await open()
    await tab.shows('#clock', /^14:31/)
    await tab.page.locator('#zone').selectOption({ label: 'New York' })
    await tab.shows('#clock', /^09:31/)
    await tab.shows('#legend', 'Tue 24 Nov 2026 09:30')
    expect(tab.address('zone')).toBe('America/New_York')
    await tab.page.reload()
    await tab.shows('#legend', 'Tue 24 Nov 2026 09:30')
    await tab.page.locator('#zone').selectOption('UTC')
    await tab.shows('#legend', 'Tue 24 Nov 2026 14:30')
    expect(tab.address('zone')).toBeNull()
  })

  test('the visitor’s own zone, and any other that the browser knows', async () => {
    await open('&zone=local', { timezoneId: 'Asia/Kathmandu' })
    await tab.shows('#legend', 'Tue 24 Nov 2026 20:15')
    await tab.page.locator('#zone').selectOption('Pacific/Chatham')
    await tab.shows('#legend', 'Wed 25 Nov 2026 04:15')
  })

  test.each([
    ['1', '1D', 'm5', DAY_MS],
    ['2', '1W', 'm30', 7 * DAY_MS],
    ['3', '1M', 'h3', 30 * DAY_MS],
  ])('key %s shows %s in candles of %s', async (key, _name, timeframe, longMs) => {
    await open('&until=2026-11-20')
    await tab.page.keyboard.press(key)
    await tab.shows('#timeframes button[aria-pressed=true]', new RegExp(`^${timeframe}$`))
    const newestUs = of(timeframe).at(-1)!.dateTimeUs
    const within = of(timeframe).filter(({ dateTimeUs }) => dateTimeUs >= newestUs - longMs * 1000).length
    await expect.poll(() => Number(tab.address('bars'))).toBeGreaterThanOrEqual(within)
    expect(Number(tab.address('bars'))).toBeLessThan(within + 12)
    expect(tab.address('until')).toBeNull()
  })

  test('the year to date, by its button', async () => {
    await open()
    await tab.page.locator('#ranges button', { hasText: 'YTD' }).click()
    await tab.shows('#timeframes button[aria-pressed=true]', /^D1$/)
    await tab.is('ready')
    expect(await tab.count()).toBe(of('D1').length)
  })

  test('a date is gone to in one request, in the zone that is chosen; what comes after is loaded too', async () => {
    await open('&zone=America/New_York&timeframe=m1'.replace('&timeframe=m1', ''))
    await tab.page.keyboard.press(',')
    await tab.shows('#timeframes button[aria-pressed=true]', /^m1$/)
    await tab.is('ready')
    const asked = market.asked.length
    await tab.page.keyboard.press('g')
    await tab.page.locator('#go-moment').fill('2026-11-02T09:30')
    await tab.page.keyboard.press('Enter')
    await tab.shows('#legend', 'Mon 2 Nov 2026 09:30')
    await tab.page.locator('#newest').waitFor()
    const pages = market.asked
      .slice(asked)
      .filter(({ to, symbol }) => to !== undefined && symbol === 'EURUSD')
    expect(pages[0]!.limit).toBe(1_000)
    for (let presses = 0; presses < 8; presses++) await tab.page.keyboard.press('Shift+ArrowRight')
    await expect.poll(() => tab.count()).toBeGreaterThan(1_900)
    await tab.page.keyboard.press('End')
    await tab.page.locator('#newest').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('Escape')
    await tab.shows('#legend', 'Tue 24 Nov 2026 09:31')
  })

  test('scales, styles and volume by a key, each in the address, and back again by the back button', async () => {
    await open()
    const state = () => ['scale', 'style', 'volume'].map(name => tab.address(name))
    const before = await tab.pixels()
    await tab.page.keyboard.press('l')
    expect(state()).toEqual(['log', null, null])
    await tab.page.keyboard.press('%')
    expect(state()).toEqual(['percent', null, null])
    await tab.page.keyboard.press('v')
    await tab.page.keyboard.press('s')
    await tab.page.keyboard.press('s')
    expect(state()).toEqual(['percent', 'line', 'off'])
    await expect.poll(async () => (await tab.pixels()).down).toBeLessThan(before.down / 2)
    for (let steps = 0; steps < 5; steps++) await tab.page.goBack()
    expect(state()).toEqual([null, null, null])
    await expect.poll(async () => (await tab.pixels()).down).toBe(before.down)
  })

  test('studies from the menu: drawn, with their values, in the address, and gone again', async () => {
    await open()
    await tab.page.keyboard.press('i')
    await tab.page.locator('#study-sma-lengths').fill('20, 50')
    await tab.page.locator('#study-sma-lengths').press('Enter')
    await tab.page.locator('#study-bollinger').check()
    await tab.page.locator('#study-rsi').check()
    expect([tab.address('sma'), tab.address('bollinger'), tab.address('rsi')]).toEqual(['20,50', '20', '14'])
    await tab.page.keyboard.press('Escape')
    await tab.page.mouse.move(2, 2)
    const mean = of('m5')
      .slice(-20)
      .reduce((sum, { close }) => sum + close / 20, 0)
    await tab.shows('#legend-beside', new RegExp(`^SMA 20${mean.toFixed(5)}`))
    await tab.shows('#legend-beside', /SMA 50.*Bollinger 20.*RSI 14\d\d\.\d\d$/)
    await tab.page.keyboard.press('i')
    await tab.page.locator('#study-sma').uncheck()
    await tab.shows('#legend-beside', /^Bollinger/)
    expect(tab.address('sma')).toBeNull()
  })

  test('another symbol is compared, in percent, over all candles that are loaded, and taken away', async () => {
    await open()
    await tab.page.keyboard.press('c')
    await tab.page.keyboard.type('btcusdt')
    await tab.page.keyboard.press('Enter')
    const close = of('m5', 'BTC/USDT').at(-1)!.close.toLocaleString('en-US', { minimumFractionDigits: 2 })
    await tab.shows('#legend-beside', `BTC/USDT${close}`)
    expect([tab.address('compare'), tab.address('compareSource')]).toEqual(['BTC/USDT', 'BINANCE'])
    for (let presses = 0; presses < 6; presses++) await tab.page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(() => tab.count()).toBeGreaterThan(500)
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#legend-beside', /BTC\/USDT[\d,.]+ [+−]/)
    await tab.page.keyboard.press('i')
    await tab.page.locator('#compare-end').click()
    await tab.page.locator('#legend-beside').waitFor({ state: 'hidden' })
    expect(tab.address('compare')).toBeNull()
  })

  test('a drag measures price, percent, bars and time; Escape ends it', async () => {
    await open()
    await tab.page.keyboard.press('m')
    await tab.page.mouse.move(500, 300)
    await tab.page.mouse.down()
    await tab.page.mouse.move(590, 200, { steps: 4 })
    await tab.page.mouse.up()
    await tab.shows('#measure-label', /^\+0\.0\d{4} \(\+\d\.\d\d %\) · 10 bars · 50 min$/)
    await tab.page.keyboard.press('Escape')
    await tab.page.locator('#measure').waitFor({ state: 'hidden' })
  })

  test('the keyboard measures too, from the candle that it points at', async () => {
    await open()
    const [older, newer] = [of('m5').at(-6)!, of('m5').at(-2)!]
    await tab.page.keyboard.press('ArrowLeft')
    await tab.page.keyboard.press('ArrowLeft')
    await tab.page.keyboard.press('m')
    for (let presses = 0; presses < 4; presses++) await tab.page.keyboard.press('ArrowLeft')
    const change = older.close - newer.close
    const text = `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(5)}`
    await tab.shows('#measure-label', `${text} (`)
    await tab.shows('#measure-label', '· −4 bars · 20 min')
  })

  test('what is on the screen is downloaded, in full, as CSV and as a picture', async () => {
    await open('&bars=12&sma=3')
    const saved = async (key: string) => {
      const waiting = tab.page.waitForEvent('download')
      await tab.page.keyboard.press(key)
      const download = await waiting
      return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
    }
    const csv = await saved('d')
    expect(csv.name).toBe('EURUSD-m5-2026-11-24T1431.csv')
    const [head, ...lines] = csv.bytes.toString().trim().split('\r\n')
    expect(head).toBe('dateTime,open,high,low,close,volume,closed,revision,SMA 3')
    const newest = of('m5').at(-1)!
    expect(lines.at(-1)).toMatch(
      new RegExp(
        `^2026-11-24T14:30:00.000000Z,${newest.open},${newest.high},${newest.low},${newest.close},${newest.volume},false,1,1\\.`,
      ),
    )
    expect(lines.length).toBeLessThanOrEqual(13)
    const picture = await saved('p')
    expect(picture.name).toBe('EURUSD-m5-2026-11-24T1431.png')
    expect(picture.bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(picture.bytes.length).toBeGreaterThan(10_000)
  })

  test('fills the screen, and leaves it', async () => {
    await open()
    await tab.page.keyboard.press('f')
    await expect.poll(() => tab.page.evaluate(() => document.fullscreenElement !== null)).toBe(true)
    await tab.page.keyboard.press('f')
    await expect.poll(() => tab.page.evaluate(() => document.fullscreenElement === null)).toBe(true)
  })

  test('on a phone, 360 pixels wide, each of it is under a finger', async () => {
    await open('', PHONE)
    const { page } = tab
    await tab.shows('#freshness', 'Live')
    await page.locator('[popovertarget=styles]').tap()
    await page.locator('label', { hasText: 'Line' }).tap()
    await expect.poll(() => tab.address('style')).toBe('line')
    await page.keyboard.press('Escape')
    await page.locator('[popovertarget=studies]').tap()
    await page.locator('label', { hasText: 'Relative strength' }).tap()
    await page.keyboard.press('Escape')
    await tab.shows('#legend-beside', 'RSI 14')
    await page.locator('#scale-log').tap()
    await page.locator('#ranges button', { hasText: '1W' }).tap()
    await tab.shows('#timeframes button[aria-pressed=true]', /^m30$/)
    await page.locator('[popovertarget=more]').tap()
    await page.locator('#tool-table').tap()
    await tab.shows('#table h2', 'm30 candles of EURUSD')
    await page.locator('#table button').tap()
    await page.locator('[popovertarget=more]').tap()
    await page.locator('#tool-measure').tap()
    await tab.shows('#measure-label', 'Drag over the chart')
    const touch = await page.context().newCDPSession(page)
    const at = (type: string, x?: number, y?: number) =>
      touch.send('Input.dispatchTouchEvent', {
        type: type as 'touchStart',
        touchPoints: x === undefined || y === undefined ? [] : [{ x, y }],
      })
    await at('touchStart', 100, 400)
    for (const x of [120, 150, 180]) await at('touchMove', x, 300)
    await at('touchEnd')
    await tab.shows('#measure-label', /bars/)
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(over).toBe(0)
  })
})
