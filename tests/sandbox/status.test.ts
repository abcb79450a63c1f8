import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Complaints } from '../../sandbox/complaints.ts'
import { LiveStatus } from '../../sandbox/liveStatus.ts'
import { temporaryFolder } from './support.ts'

const status = {
  ticks: 1_000,
  deadLetters: 0,
  ingestLag: 3,
  rollupLag: 1_200,
  liveDelayMs: 2_050,
  staleHours: 0,
  publishLagMs: 2_345,
  newestCandleUs: Date.UTC(2025, 2, 20, 14, 31) * 1_000,
  closedUntilUs: 0,
}

describe('the live status', () => {
  test('says 10.0 ticks a second after 300 ticks in 30 s, and forgets what is older', () => {
    const live = new LiveStatus()
    expect(live.line(status, 0)).toContain('1,000 ticks, –/s')
    live.line({ ...status, ticks: 5_000 }, 10_000)
    expect(live.line({ ...status, ticks: 5_300 }, 40_000)).toContain('5,300 ticks, 10.0/s')
  })

  test('shows the lag of each stage, the newest candle, and dead letters once there are some', () => {
    const live = new LiveStatus()
    expect(live.line(status, 0)).toMatch(
      /lag: ingest 3, rollup 1,200, publish 2.3 s · newest candle 2025-03-20 14:31 UTC$/,
    )
    expect(live.line({ ...status, deadLetters: 2 }, 1)).toMatch(/dead letters 2$/)
    expect(live.line({ ...status, newestCandleUs: undefined }, 2)).toContain('newest candle none yet')
  })

  test('says how far live candles follow, in minutes when they stand still', () => {
    const live = new LiveStatus()
    expect(live.line(status, 0)).toContain('live candles follow by 2.0 s · lag')
    expect(live.line({ ...status, liveDelayMs: 150_000 }, 1)).toContain('live candles follow by 3 min')
    expect(live.line({ ...status, liveDelayMs: undefined }, 2)).not.toContain('live candles')
  })

  test('says beside that how many hours are left of how many, and for how long at the present pace', () => {
    const live = new LiveStatus()
    const line = (staleHours: number, atMs: number) => live.line({ ...status, staleHours }, atMs)
    expect(line(1, 0)).toContain('s · catching up: 1 hour · lag')
    expect(line(960, 5_000)).toContain('catching up: 960 hours · ')
    expect(line(640, 65_000)).toContain('catching up: 640 of 960 hours, 2 min · ')
    expect(line(320, 85_000)).toContain('catching up: 320 of 960 hours, 40.0 s · ')
    expect(line(1_000, 90_000)).toContain('catching up: 1,000 hours · ')
    expect(line(0, 95_000)).not.toContain('catching up')
    expect(line(2, 100_000)).toContain('catching up: 2 hours · ')
  })
})

describe('complaints in a log', () => {
  test('are its warnings and errors, each once, when their line is complete', async () => {
    const file = join(temporaryFolder(), 'offline.log')
    const failed = '{"level":"warn","function":"rollup","message":"failed","error":"Trino is away"}\n'
    writeFileSync(file, `{"level":"info","message":"done"}\n${failed}${failed}✖ Unhandled`)
    const complaints = new Complaints(file)
    expect(await complaints.next()).toEqual(['rollup: failed: Trino is away'])
    appendFileSync(file, ' rejection\n(λ: ingest) Duration: 5 ms\n')
    expect(await complaints.next()).toEqual(['✖ Unhandled rejection'])
    expect(await complaints.next()).toEqual([])
  })

  test('of a log that was begun anew are found from its beginning', async () => {
    const file = join(temporaryFolder(), 'offline.log')
    writeFileSync(file, `${'quiet\n'.repeat(100)}`)
    const complaints = new Complaints(file)
    expect(await complaints.next()).toEqual([])
    writeFileSync(file, 'Error: gone\n')
    expect(await complaints.next()).toEqual(['Error: gone'])
  })
})
