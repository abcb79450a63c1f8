import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MemoryArchive } from '../support/memoryArchive.ts'
import { madeUpCandles } from './candles.ts'
import { Host } from './host.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)

describe.skipIf(!CHROMIUM)('the page looks right', () => {
  let browser: Browser
  let host: Host
  let tab: Tab

  beforeAll(async () => {
    browser = await openBrowser()
    const archive = new MemoryArchive(() => NOW_MS)
    const fromMs = NOW_MS - 86_400_000
    const symbol = { source: 'A_RATHER_LONG_SOURCE', symbol: 'A-SYMBOL-OF-THIRTY-CHARACTERS!', decimals: 2 }
    archive.commit(madeUpCandles({ ...symbol, seed: 3, basePrice: 62_700, fromMs, toMs: NOW_MS }))
    host = await Host.start(archive)
  })
  afterAll(async () => {
    await host?.stop()
    await browser?.close()
  })
  afterEach(async () => {
    expect(tab.complaints).toEqual([])
    await tab.close()
  })

  async function open(options: BrowserContextOptions = {}): Promise<void> {
    tab = await Tab.open(browser, host.url, options)
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
      const tools = await tab.page.locator('#help').boundingBox()
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
    expect(keys).toEqual(['/', ',', '.', '←', '→', '↑', '↓', 'End', 'T', '?'])
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
    for (let presses = 0; presses < 4; presses++) await tab.page.keyboard.press('ArrowLeft')
    await tab.page.locator('#newest').waitFor()
    for (let presses = 0; presses < 4; presses++) await tab.page.keyboard.press('ArrowRight')
    await tab.page.locator('#newest').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('Shift+ArrowLeft')
    await tab.page.locator('#newest').waitFor()
    await tab.page.keyboard.press('End')
    await tab.page.locator('#newest').waitFor({ state: 'hidden' })
    await tab.page.keyboard.press('/')
    await tab.page.locator('#picker[open]').waitFor()
  })
})
