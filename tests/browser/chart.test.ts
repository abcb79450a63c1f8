import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const DAY_MS = 86_400_000
const EURUSD = { source: 'SOURCE_1', symbol: 'EURUSD', seed: 7, basePrice: 1.0842, decimals: 5 }
const ODD = { source: 'a b', symbol: `O'NEIL|"😀 &?#+%<b>`, seed: 5, basePrice: 31, decimals: 3 }

const made = [
  ...madeUpCandles({ ...EURUSD, fromMs: NOW_MS - 40 * DAY_MS, toMs: NOW_MS }),
  ...madeUpCandles({ ...ODD, fromMs: NOW_MS - DAY_MS, toMs: NOW_MS }),
]
const of = (timeframe: string, symbol = EURUSD.symbol) =>
  made.filter(candle => candle.timeframe === timeframe && candle.symbol === symbol)

describe.skipIf(!CHROMIUM)('the chart in a browser', () => {
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

  async function open(query = '', candles: readonly Candle[] = made): Promise<void> {
    market = new Market(() => NOW_MS)
    market.commit(candles)
    await market.start()
    tab = await Tab.open(browser, `${market.url}${query}`)
    await tab.is('ready')
  }

  test('opens on the first symbol and draws its newest candles, volume, and what the newest one says', async () => {
    await open()
    const newest = of('m1').at(-1)!
    const { up, down, drawn } = await tab.pixels()
    expect(up).toBeGreaterThan(1_000)
    expect(down).toBeGreaterThan(1_000)
    expect(drawn).toBeGreaterThan(50_000)
    expect(await tab.text('#symbol')).toBe('EURUSD SOURCE_1')
    expect(await tab.text('#price')).toBe(newest.close.toFixed(5))
    const [open_, high, low, close] = [newest.open, newest.high, newest.low, newest.close].map(p =>
      p.toFixed(5),
    )
    const values = `O Open ${open_} H High ${high} L Low ${low} C Close ${close}`
    expect(await tab.text('#legend')).toContain(`Tue 24 Nov 2026 14:31 ${values}`)
    expect(await tab.text('#legend')).toMatch(new RegExp(`V Volume ${newest.volume} State open$`))
    expect(await tab.page.title()).toBe(`${close} EURUSD m1`)
    expect(await tab.count()).toBe(500)
  })

  test('the legend says what is under the pointer', async () => {
    await open()
    await tab.page.mouse.move(640, 300)
    await tab.shows('#legend', 'closed')
    const text = await tab.text('#legend')
    const time = /(\d\d:\d\d) O Open/.exec(text)![1]
    const candle = of('m1').findLast(
      ({ dateTimeUs }) => new Date(dateTimeUs / 1000).toISOString().slice(11, 16) === time,
    )!
    expect(text).toContain(
      `O Open ${candle.open.toFixed(5)} H High ${candle.high.toFixed(5)} L Low ${candle.low.toFixed(5)}`,
    )
    expect(text).toContain(`V Volume ${candle.volume} State closed`)
  })

  test('switches through all 11 timeframes, each drawn, named in the address and with its own newest candle', async () => {
    await open()
    for (const { name } of TIMEFRAMES) {
      await tab.page.locator('#timeframes button', { hasText: new RegExp(`^${name}$`) }).click()
      await tab.shows('#timeframes button[aria-pressed=true]', new RegExp(`^${name}$`))
      const newest = of(name).at(-1)!
      await tab.shows('#legend', `Volume${newest.volume.toLocaleString('en-US')}`)
      await tab.is('ready')
      expect(tab.address('timeframe')).toBe(name)
      expect(await tab.count()).toBe(Math.min(500, of(name).length))
      const { up, down } = await tab.pixels()
      expect(up + down, `pixels of ${name}`).toBeGreaterThan(150)
    }
  })

  test('a new candle and a change of the open one appear by themselves, where one is looking', async () => {
    await open()
    const newest = of('m1').at(-1)!
    market.commit([{ ...newest, close: 1.5, high: 1.5, volume: 99 }])
    await tab.shows('#price', '1.50000')
    await tab.shows('#legend', 'Volume99')
    expect(await tab.count()).toBe(500)
    const next = {
      ...newest,
      dateTimeUs: newest.dateTimeUs + 60e6,
      open: 1.4,
      high: 1.6,
      low: 1.3,
      close: 1.45,
    }
    market.commit([{ ...newest, closed: true }, next])
    await tab.shows('#price', '1.45000')
    await tab.shows('#legend', '14:32')
    expect(await tab.count()).toBe(501)
  })

  test('pans back to the very first candle, page by page, and returns to the newest', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m15')
    const all = of('m15').length
    expect(all).toBeGreaterThan(3_000)
    // Older candles come while it goes on: how many presses that takes is a matter of the machine.
    const further = async () => {
      await tab.page.keyboard.press('Shift+ArrowLeft')
      return tab.count()
    }
    await expect.poll(further, { interval: 10 }).toBe(all)
    expect((await tab.pixels()).up).toBeGreaterThan(100)
    await tab.page.locator('#newest').click()
    await tab.page.locator('#newest').waitFor({ state: 'hidden' })
    expect(await tab.count()).toBe(all)
  })

  test('the address keeps the moment: a reload shows it again, another timeframe too, and back undoes', async () => {
    await open('?source=SOURCE_1&symbol=EURUSD&timeframe=m5')
    for (let presses = 0; presses < 12; presses++) await tab.page.keyboard.press('Shift+ArrowLeft')
    await tab.page.waitForURL(/until=/)
    await tab.page.locator('#newest').waitFor()
    // It is written a quarter of a second after the last move, or when the page has the time; then it stays.
    let until = ''
    await expect
      .poll(
        () => {
          const before = until
          until = tab.address('until')!
          return before === until
        },
        { interval: 1_500 },
      )
      .toBe(true)
    await tab.page.reload()
    await tab.is('ready')
    await tab.page.locator('#newest').waitFor()
    await expect.poll(() => tab.address('until')).toBe(until)
    await tab.page.keyboard.press('.')
    await tab.shows('#timeframes button[aria-pressed=true]', /^m10$/)
    await tab.is('ready')
    await tab.page.locator('#newest').waitFor()
    await expect
      .poll(() => Date.parse(until) - Date.parse(tab.address('until')!))
      .toBeLessThanOrEqual(600_000)
    await tab.page.goBack()
    await tab.shows('#timeframes button[aria-pressed=true]', /^m5$/)
  })

  test('a symbol of quotes, bars, markup, emoji and spaces is chosen by typing a part of it, and survives a reload', async () => {
    await open()
    await tab.page.keyboard.press('/')
    await tab.page.keyboard.type('neil|')
    await tab.page.keyboard.press('Enter')
    await tab.shows('#symbol-name', ODD.symbol)
    await tab.is('ready')
    expect([tab.address('source'), tab.address('symbol')]).toEqual([ODD.source, ODD.symbol])
    await tab.page.reload()
    await tab.is('ready')
    expect(await tab.text('#symbol-name')).toBe(ODD.symbol)
    await tab.shows('#legend', `Volume${of('m1', ODD.symbol).at(-1)!.volume}`)
  })

  test('nobody is asked while the tab is hidden; once it is seen again, at once', async () => {
    await open()
    const tells = (hidden: boolean) =>
      tab.page.evaluate(isHidden => {
        Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await tab.page.clock.install()
    await tells(true)
    const asked = tab.requests.length
    await tab.page.clock.runFor(60_000)
    expect(tab.requests.length).toBe(asked)
    await tells(false)
    await expect.poll(() => tab.requests.length).toBeGreaterThan(asked)
  })
})
