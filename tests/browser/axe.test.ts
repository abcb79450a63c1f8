import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

/** The path of axe-core, or undefined. */
const AXE = (() => {
  try {
    return createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  } catch {
    return undefined
  }
})()

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)
const LOOK = '?source=SOURCE_1&symbol=EURUSD&timeframe=m5&sma=20,50&bollinger=20&rsi=14&compare=BNBUSD'

/** The dialogs and menus of the page, and how a test opens each. */
const PLACES: readonly [string, (tab: Tab) => Promise<unknown>][] = [
  ['the chart', async () => undefined],
  ['the picker', tab => tab.page.keyboard.press('/')],
  ['the menu of styles', tab => tab.page.click('[popovertarget=styles]')],
  ['the menu of indicators', tab => tab.page.keyboard.press('i')],
  ['the other menu', tab => tab.page.click('[popovertarget=more]')],
  ['how fresh it is', tab => tab.page.click('#freshness')],
  ['the table', tab => tab.page.keyboard.press('r')],
  ['the keys', tab => tab.page.keyboard.press('?')],
  ['the dialog for a date', tab => tab.page.keyboard.press('g')],
]

const LOOKS: readonly [string, BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced colours', { forcedColors: 'active', colorScheme: 'dark' }],
  ['a phone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
]

describe.skipIf(!CHROMIUM || !AXE)('axe-core finds nothing', () => {
  let browser: Browser
  let market: Market

  beforeAll(async () => {
    browser = await openBrowser()
    market = new Market(() => NOW_MS)
    for (const symbol of ['EURUSD', 'BNBUSD'])
      market.commit(
        madeUpCandles({
          ...{ source: 'SOURCE_1', symbol, seed: 3, basePrice: 627, decimals: 2 },
          ...{ fromMs: NOW_MS - 86_400_000, toMs: NOW_MS },
        }),
      )
    market.says({ staleHours: 3 })
    await market.start()
  })
  afterAll(async () => {
    await browser?.close()
    await market?.stop()
  })

  test.each(LOOKS)('in %s', async (_name, options) => {
    const tab = await Tab.open(browser, `${market.url}${LOOK}`, options)
    await tab.is('ready')
    await tab.shows('#legend-beside', 'BNBUSD')
    await tab.page.evaluate(readFileSync(AXE!, 'utf8'))
    const found: Record<string, unknown> = {}
    for (const [place, go] of PLACES) {
      await go(tab)
      found[place] = await tab.page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
        const { violations } = await axe.run()
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      await tab.page.keyboard.press('Escape')
    }
    expect(found).toEqual(Object.fromEntries(PLACES.map(([place]) => [place, []])))
    await tab.close()
  })
})

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}
