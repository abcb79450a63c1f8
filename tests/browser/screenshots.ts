import { mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { madeUpCandles } from './candles.ts'
import { Market } from './market.ts'
import { openBrowser, Tab } from './tab.ts'

/** `npm run screenshots`: pictures of the page for the README, of made-up prices. */
const FOLDER = fileURLToPath(new URL('../../docs/', import.meta.url))
const NOW_MS = Date.UTC(2026, 10, 24, 14, 32, 10)
const MOST_BYTES = 200_000

const PICTURES = [
  { name: 'page-light', colorScheme: 'light', timeframe: 'm15', pointer: { x: 742, y: 250 } },
  { name: 'page-dark', colorScheme: 'dark', timeframe: 'h1', look: '&sma=20' },
] as const

const market = new Market(() => NOW_MS)
const stretch = { fromMs: NOW_MS - 40 * 86_400_000, toMs: NOW_MS }
market.commit(
  madeUpCandles({
    source: 'SOURCE_1',
    symbol: 'EURUSD',
    seed: 11,
    basePrice: 1.0842,
    decimals: 5,
    ...stretch,
  }),
)
mkdirSync(FOLDER, { recursive: true })
await market.start()
const browser = await openBrowser()
try {
  for (const { name, colorScheme, timeframe, ...rest } of PICTURES) {
    const tab = await Tab.open(
      browser,
      `${market.url}?symbol=EURUSD&timeframe=${timeframe}${'look' in rest ? rest.look : ''}`,
      {
        viewport: { width: 1200, height: 640 },
        deviceScaleFactor: 2,
        colorScheme,
      },
    )
    await tab.is('ready')
    await tab.page.clock.setFixedTime(NOW_MS)
    await tab.shows('#clock', '14:32:10')
    if ('pointer' in rest) {
      await tab.page.mouse.move(rest.pointer.x, rest.pointer.y)
      await tab.shows('#legend', 'closed')
    }
    await tab.pixels()
    const path = `${FOLDER}${name}.png`
    await tab.page.screenshot({ path })
    const { size } = statSync(path)
    console.log(`docs/${name}.png  ${Math.round(size / 1000)} kB`)
    if (size > MOST_BYTES || tab.complaints.length > 0)
      throw new Error(`${name}: ${size} bytes; ${tab.complaints.join('; ') || 'too large'}`)
    await tab.close()
  }
} finally {
  await browser.close()
  await market.stop()
}
