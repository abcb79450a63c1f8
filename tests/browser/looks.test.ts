import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)

describe.skipIf(!CHROMIUM)('the page looks right', () => {
  let browser: Browser
  let market: Market
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
    market = new Market(() => NOW_MS)
    const fromMs = NOW_MS - 86_400_000
    const symbol = { source: 'A_RATHER_LONG_SOURCE', symbol: 'A-SYMBOL-OF-THIRTY-CHARACTERS!', decimals: 2 }
    market.commit(madeUpCandles({ ...symbol, seed: 3, basePrice: 62_700, fromMs, toMs: NOW_MS }))
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

  async function open(options: BrowserContextOptions = {}): Promise<void> {
    tab = await Tab.open(browser, market.url, options)
    await tab.is('ready')
  }

  /** How light the background is, of the page and of the chart: 0 to 255. */
  async function lightness(): Promise<{ page: number; chart: number }> {
    const colour = await tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    return { page: Number(/\d+/.exec(colour)![0]), chart: (await tab.pixels()).background }
  }

  test('light or dark as the system is, at once when that changes', async () => {
    await open({ colorScheme: 'light' })
    expect(await lightness()).toEqual({ page: 255, chart: 255 })
    await tab.page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(async () => (await lightness()).chart).toBeLessThan(40)
    expect((await lightness()).page).toBeLessThan(40)
    const { up, down } = await tab.pixels()
    expect(Math.min(up, down)).toBeGreaterThan(500)
  })

  test('T changes between light and dark, and that stays after a reload', async () => {
    await open({ colorScheme: 'light' })
    await tab.page.keyboard.press('t')
    await expect.poll(async () => (await lightness()).chart).toBeLessThan(40)
    await tab.page.reload()
    await tab.is('ready')
    expect((await lightness()).page).toBeLessThan(40)
  })

  test.each([320, 390, 768, 1280, 2560])(
    '%i pixels wide: nothing sticks out, every timeframe can be reached',
    async width => {
      await open({ viewport: { width, height: 780 } })
      const sizes = await tab.page.evaluate(() => {
        const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement
        return { over: scrollWidth - clientWidth, below: scrollHeight - clientHeight }
      })
      expect(sizes).toEqual({ over: 0, below: 0 })
      const tools = await tab.page.locator('#tools').boundingBox()
      expect(tools!.x + tools!.width).toBeLessThanOrEqual(width)
      await tab.page.locator('#timeframes button', { hasText: /^M1$/ }).click()
      await tab.shows('#timeframes button[aria-pressed=true]', /^M1$/)
      await tab.is('ready')
    },
  )

  test('every key that the list of keys names does what it says', async () => {
    await open()
    const pressed = () => tab.text('#timeframes button[aria-pressed=true]')
    await tab.page.keyboard.press('?')
    await tab.page.locator('#keys[open]').waitFor()
    const keys = await tab.page.locator('#keys dt kbd').allInnerTexts()
    expect(keys.join(' ')).toBe('/ , . 1 2 3 4 G ← → ↑ ↓ End M Esc S V L % I C R D P Z F T ?')
    await tab.page.keyboard.press('Escape')
    await tab.page.keyboard.press('.')
    await expect.poll(pressed).toBe('m5')
    await tab.page.keyboard.press(',')
    await expect.poll(pressed).toBe('m1')
    await tab.is('ready')
    const before = await tab.pixels()
    await tab.page.keyboard.press('ArrowUp')
    await expect.poll(async () => (await tab.pixels()).up).not.toBe(before.up)
    await tab.page.keyboard.press('ArrowDown')
    await tab.page.keyboard.press('Shift+ArrowLeft')
    await tab.page.locator('#newest').waitFor()
    await tab.page.keyboard.press('End')
    await tab.page.locator('#newest').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('ArrowLeft')
    await tab.shows('#said', 'Open')
    const dialogs = {
      '/': '#picker[open]',
      c: '#picker[open]',
      g: '#go[open]',
      r: '#table[open]',
      i: '#studies',
    }
    for (const [key, opened] of Object.entries(dialogs)) {
      await tab.page.keyboard.press(key)
      await tab.page.locator(opened).waitFor()
      await tab.page.keyboard.press('Escape')
      await tab.page.locator(opened).waitFor({ state: 'hidden' })
    }
    // Until the next frame the focus is still in the field of a dialog that has just been closed.
    await tab.page.keyboard.press('/')
    await tab.page.locator('#picker[open]').waitFor()
    await tab.page.evaluate(() => {
      document.querySelector('dialog')!.close()
      document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true }))
    })
    await tab.page.locator('#measure').waitFor()
    await tab.page.keyboard.press('Escape')
    await tab.page.locator('#measure').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('z')
    expect(await tab.page.evaluate(() => document.activeElement?.id)).toBe('zone')
  })
})
