import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import { madeUpCandles } from './candles.ts'
import { Market, refusal } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

/** A Tuesday. */
const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const EURUSD = { source: 'SOURCE_1', symbol: 'EURUSD', seed: 7, basePrice: 1.0842, decimals: 5 }
const made = madeUpCandles({ ...EURUSD, fromMs: NOW_MS - 3 * 86_400_000, toMs: NOW_MS })
const [settled, newest] = made.filter(({ timeframe }) => timeframe === 'm1').slice(-2) as [Candle, Candle]
const ago = (seconds: number) => new Date(NOW_MS - seconds * 1000).toISOString()
const ADDRESS = '?source=SOURCE_1&symbol=EURUSD&timeframe=m1'

describe.skipIf(!CHROMIUM)('a page that moves, and tells the truth', () => {
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

  async function open(prepare = (_: Market) => {}, options: BrowserContextOptions = {}): Promise<void> {
    market = new Market(() => NOW_MS)
    market.commit(made)
    prepare(market)
    await market.start()
    tab = await Tab.open(browser, `${market.url}${ADDRESS}`, options)
  }

  /** Requests for the newest candles of the view. */
  const looks = () => market.asked.filter(({ timeframe, to }) => timeframe === 'm1' && to === undefined)

  test('asks for a page once, and from then on from the last closed candle on, with the tag of the answer before', async () => {
    await open()
    await tab.is('ready')
    await expect.poll(() => looks().length).toBeGreaterThan(3)
    const [first, second, third] = looks()
    expect([first!.from, first!.tag]).toEqual([undefined, undefined])
    expect(Date.parse(second!.from!)).toBe(settled.dateTimeUs / 1000)
    expect([second!.tag, third!.tag]).toEqual([undefined, 'W/"1"'])
    expect(tab.complaints).toEqual([])
  })

  test('a tick of the live candle is on the screen with the next look, and the closed candle that follows too', async () => {
    await open()
    await tab.is('ready')
    for (const close of [1.5, 1.6, 1.7]) {
      market.commit([{ ...newest, close, high: close }], { live: true, asOf: ago(0) })
      await tab.shows('#price', close.toFixed(5))
      await tab.shows('#legend', `Close${close.toFixed(5)}`)
    }
    const next = { ...newest, dateTimeUs: newest.dateTimeUs + 60e6, close: 1.8, high: 1.8 }
    market.commit([next], { live: true, asOf: ago(0) })
    await tab.shows('#price', '1.80000')
    market.commit([{ ...newest, close: 1.75, high: 1.75, closed: true, revision: 3 }])
    await tab.page.locator('#chart').focus()
    await tab.page.keyboard.press('ArrowLeft')
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#legend', /Close1.75000.*closed, revision 3/)
    expect(await tab.count()).toBe(501)
    expect(tab.complaints).toEqual([])
  })

  test('a late tick in a candle that was closed is on the screen after the commit, and not more is asked for', async () => {
    await open()
    await tab.is('ready')
    await expect.poll(() => looks().length).toBeGreaterThan(1)
    const [late] = made.filter(({ timeframe }) => timeframe === 'm1').slice(-4)
    market.commit([{ ...late!, close: 1.9, high: 1.9, revision: 2 }])
    market.says({ committedAt: ago(0) })
    for (let presses = 0; presses < 4; presses++) await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#legend', 'Close1.90000')
    expect(looks().filter(({ from }) => from === undefined)).toHaveLength(1)
    const asked = looks().length
    await expect.poll(() => looks().length).toBeGreaterThan(asked + 1)
    expect(Date.parse(looks().at(-1)!.from!)).toBe(settled.dateTimeUs / 1000)
  })

  test('when history has been caught up with, what is shown is read again as a whole', async () => {
    await open(starting => starting.says({ staleHours: 3 }))
    await tab.is('ready')
    await tab.shows('#history', '3 hours of history being caught up')
    const old = made.findLast(
      ({ timeframe, dateTimeUs }) => timeframe === 'm1' && dateTimeUs < newest.dateTimeUs,
    )!
    market.commit([{ ...old, close: 1.9, high: 1.9, revision: 2 }])
    market.says({ staleHours: 0 })
    await tab.page.locator('#history').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('ArrowLeft')
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#legend', 'Close1.90000')
    await expect.poll(() => looks().filter(({ from }) => from === undefined).length).toBe(2)
  })

  test.each([
    ['live', {}, 'Live', /^\d s$/],
    ['catchingUp', { waitingSince: ago(250), committedAt: ago(20) }, '4 min behind, catching up', /^$/],
    ['behind', { waitingSince: ago(250), committedAt: ago(240) }, '4 min behind', /^$/],
    ['asOf', { waitingSince: ago(40) }, 'as of 14:31:00', /^4\d s ago$/],
    ['quiet', { newestMinute: '2026-11-20T21:59:00.000Z' }, 'no ticks since Friday 22:00', /^$/],
  ])('says that it is %s', async (kind, status, text, age) => {
    await open(starting => starting.says(status))
    await tab.shows(`#freshness[data-kind=${kind}] #freshness-text`, text)
    await expect.poll(() => tab.page.locator('#freshness-age').textContent()).toMatch(age)
    expect(await tab.page.locator('#freshness-said').textContent()).toBe(text)
    expect(tab.complaints).toEqual([])
  })

  test('is never live where nobody knows what waits: then it says what is sure, in the zone that is chosen', async () => {
    await open(starting => starting.knowsNoKafka())
    await tab.shows('#freshness[data-kind=asOf] #freshness-text', 'as of 14:31:00')
    await tab.page.locator('#zone').selectOption('Asia/Tokyo')
    await tab.shows('#freshness-text', 'as of 23:31:00')
    await tab.page.locator('#freshness').click()
    await tab.shows('#details', 'not known')
  })

  test('says it on a phone too, where nothing moves for the longest words', async () => {
    await open(undefined, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true })
    await tab.shows('#freshness', 'Live')
    const header = () => tab.page.locator('header').boundingBox()
    const before = await header()
    market.says({ waitingSince: ago(9_000), committedAt: ago(20) })
    await tab.shows('#freshness', '2 h 30 min behind, catching up')
    expect(await header()).toEqual(before)
    const over = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(over).toBe(0)
  })

  test('goes from behind to live with the answers, and to “not reached” without them', async () => {
    await open(starting => starting.says({ waitingSince: ago(250), committedAt: ago(20) }))
    await tab.shows('#freshness', '4 min behind, catching up')
    market.says({ waitingSince: null, committedAt: ago(2) })
    await tab.shows('#freshness[data-kind=live]', 'Live')
    await market.stop()
    await tab.shows('#freshness[data-kind=away]', 'not reached, trying again')
    await market.start()
    await tab.shows('#freshness[data-kind=live]', 'Live')
  })

  test('waits as long as the server asks for, says that it is busy, and goes on', async () => {
    await open()
    await tab.is('ready')
    market.failure = refusal(503, 'BUSY', 'Too many ask at once.', { 'retry-after': '7' })
    const requests = () => tab.requests.filter(url => url.includes('timeframe=m1')).length
    await expect.poll(() => tab.complaints.some(text => text.includes('503'))).toBe(true)
    const asked = requests()
    await tab.shows('#freshness[data-kind=busy]', 'server busy, trying again')
    expect(requests()).toBe(asked)
    market.failure = undefined
    await tab.shows('#freshness[data-kind=live]', 'Live')
    expect(requests()).toBeGreaterThan(asked)
  })

  test('nobody is asked while the tab is hidden; once it is seen again, at once, and what it missed is loaded', async () => {
    await open()
    await tab.is('ready')
    const tells = (hidden: boolean) =>
      tab.page.evaluate(isHidden => {
        Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await tab.page.clock.install()
    await tells(true)
    // A request for candles may be under way.
    await tab.page.evaluate(() => fetch('page/icon.svg'))
    const asked = tab.requests.length
    await tab.page.clock.runFor(60_000)
    expect(tab.requests.length).toBe(asked)
    const missed = Array.from({ length: 700 }, (_, i) => ({
      ...newest,
      dateTimeUs: newest.dateTimeUs + (i + 1) * 60e6,
    }))
    market.commit(missed)
    await tells(false)
    await tab.page.clock.runFor(5_000)
    await expect.poll(() => tab.count()).toBe(500)
  })

  test('its clock and its countdown follow the server’s clock, and not the visitor’s', async () => {
    await open(starting => {
      starting.nowMs = () => NOW_MS
    })
    await tab.shows('#clock', /^14:31:4\d$/)
    await tab.shows('#countdown', /^m1 closes in 0:(20|1\d)$/)
    await tab.page.locator('#timeframes button', { hasText: /^h1$/ }).click()
    await tab.shows('#countdown', /^h1 closes in 28:(20|1\d)$/)
  })

  test('on a slow network it moves and is live all the same, and says so when there is none', async () => {
    await open()
    await tab.is('ready')
    const network = await tab.page.context().newCDPSession(tab.page)
    const slow = { offline: false, latency: 900, downloadThroughput: 50_000, uploadThroughput: 20_000 }
    await network.send('Network.emulateNetworkConditions', slow)
    await tab.page.reload()
    await tab.is('ready')
    await tab.shows('#freshness[data-kind=live]', 'Live')
    market.commit([{ ...newest, close: 1.5, high: 1.5 }], { live: true, asOf: ago(0) })
    await tab.shows('#price', '1.50000')
    await network.send('Network.emulateNetworkConditions', { ...slow, offline: true })
    await tab.shows('#freshness[data-kind=away]', 'not reached, trying again')
    await network.send('Network.emulateNetworkConditions', slow)
    await tab.shows('#freshness[data-kind=live]', 'Live')
  })
})
