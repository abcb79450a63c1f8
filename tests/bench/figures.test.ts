import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { median } from '../../bench/median.ts'
import { percentile, percentilesMs } from '../../bench/percentile.ts'
import { usageOf, usageOfSession } from '../../bench/processTree.ts'
import { table } from '../../bench/table.ts'

const started: number[] = []
afterEach(() => {
  for (const pid of started.splice(0)) process.kill(-pid, 'SIGKILL')
})

/** Holds 50 MB, burns 0.2 s of CPU, says so and waits. */
const BUSY = `
  globalThis.held = Buffer.alloc(50e6, 1)
  while (process.cpuUsage().user < 200_000);
  console.log('done')
  setInterval(() => {}, 1000)`

/** A process with a session of its own, which does nothing but start a busy one. */
async function startBusyChild(): Promise<number> {
  const script = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(BUSY)}], { stdio: 'inherit' })`
  const parent = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  started.push(parent.pid!)
  await once(parent.stdout, 'data')
  return parent.pid!
}

describe.runIf(process.platform === 'linux')('what processes use', () => {
  test('of a session is what all its processes use', async () => {
    const pid = await startBusyChild()
    const all = usageOfSession(pid)
    expect(all.cpuS - usageOf(pid).cpuS).toBeGreaterThanOrEqual(0.2)
    expect(all.peakBytes - usageOf(pid).peakBytes).toBeGreaterThan(50e6)
  })

  test('is nothing once they are gone', () => {
    expect(usageOf(2 ** 30)).toEqual({ cpuS: 0, peakBytes: 0 })
  })
})

test('figures are a table with a column for what was measured, empty where it has no such figure', () => {
  const text = table({ handler: { ticks: 2_000_000, wall_s: 18.126 }, offline: { ticks: 200, go_on_s: 8 } })
  expect(text.split('\n')).toEqual([
    '            handler   offline',
    'ticks     2,000,000       200',
    'wall_s        18.13          ',
    'go_on_s                     8',
  ])
})

test.each([
  [[10, 20, 30, 40], 0.5, 20],
  [[10, 20, 30, 40], 0.95, 40],
  [[10, 20, 30, 40], 1, 40],
  [[7], 0.5, 7],
])('of %j the share %d does not exceed %d', (sorted, share, expected) => {
  expect(percentile(sorted, share)).toBe(expected)
})

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (numbers, expected) => {
  expect(median(numbers)).toBe(expected)
})

test('half, 95 in 100 and all of some times, in whatever order, are told in whole ms', () => {
  const timesMs = Array.from({ length: 100 }, (_, n) => 100.2 - n)
  expect(percentilesMs(timesMs)).toEqual({ p50_ms: 50, p95_ms: 95, max_ms: 100 })
})
