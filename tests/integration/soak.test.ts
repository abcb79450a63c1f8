import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const BENCH = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
const MINUTES = 30
const SYMBOLS = 20
/** Servers of its own start, and may have a busy machine. */
const WITHIN_MS = 1_200_000

/** The bench ends with 1 when verify finds a difference, a held snapshot cannot be read, or a table is above its limits. */
test(
  'half a simulated hour with a retention of 15 minutes: all ticks are in right candles, and each held snapshot is read',
  async () => {
    const options = ['--minutes', String(MINUTES), '--commit-every', '2', '--retention-minutes', '15']
    const child = spawn(process.execPath, [BENCH, 'soak', '--json', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[code], output] = await Promise.all([once(child, 'close'), text(child.stdout)])
    expect(code).toBe(0)
    const { soak, candles, stock_ticks } = JSON.parse(output)
    expect(soak).toMatchObject({ minutes: MINUTES, ticks: MINUTES * 60 * SYMBOLS, oldest_held_s: 840 })
    expect(soak.held_snapshots_read).toBe(4)
    // The snapshots of the first minutes are off the list by then: what they alone needed is gone.
    expect(soak.files_removed).toBeGreaterThan(100)
    // What 5 minutes of commits add, and what compaction has made of the rest; each timeframe has one file.
    expect(stock_ticks.files_max).toBeLessThan(200)
    expect(candles.files_max).toBeLessThanOrEqual(22)
  },
  WITHIN_MS,
)
