import { expect, test } from 'vitest'
import { TrinoUnavailable } from '../../lib/trino/errors.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'
import { madeUpCandles } from './candles.ts'
import { Host } from './host.ts'
import { CHROMIUM, openBrowser, Tab } from './tab.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 14, 31, 40)

test.skipIf(!CHROMIUM)('the page draws what the function’s own routes answer, once they can', async () => {
  const archive = new MemoryArchive(() => NOW_MS)
  archive.commit(
    madeUpCandles({
      ...{ source: 'SOURCE_1', symbol: 'BNBUSD', seed: 3, basePrice: 627, decimals: 2 },
      ...{ fromMs: NOW_MS - 3_600_000, toMs: NOW_MS },
    }),
  )
  let isAway = true
  const current = async () => {
    if (isAway) throw new TrinoUnavailable('http://10.0.0.1:8090', 'connection refused')
    return archive.current()
  }
  const host = await Host.start({ current })
  const browser = await openBrowser()
  try {
    const tab = await Tab.open(browser, host.url)
    await tab.is('away')
    expect(await tab.text('#message')).not.toMatch(/10\.0\.0\.1|Trino/i)
    isAway = false
    await tab.is('ready')
    expect(await tab.text('#symbol')).toBe('BNBUSD SOURCE_1')
    expect(await tab.count()).toBe(61)
    expect((await tab.pixels()).drawn).toBeGreaterThan(10_000)
  } finally {
    await browser.close()
    await host.stop()
  }
})
