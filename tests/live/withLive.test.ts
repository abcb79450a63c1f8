import { beforeEach, describe, expect, test } from 'vitest'
import type { LiveLook, LiveMinute } from '../../lib/live/liveLook.ts'
import { withLive } from '../../lib/live/withLive.ts'
import type { CandleValues } from '../../lib/market/candle.ts'
import { HourSet, hourOf } from '../../lib/market/hours.ts'
import { DAY_US, HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES, type TimeframeName, timeframeOf } from '../../lib/market/timeframe.ts'
import { readCandlePage } from '../../lib/query/readCandlePage.ts'
import type { CandlesRequest } from '../../lib/requests/candlesRequest.ts'
import { type CandlesState, NOTHING_STALE } from '../../lib/tables/candlesState.ts'
import { candle } from '../support/candles.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'

/** A Wednesday. */
const NOW_US = Date.UTC(2026, 5, 17, 12, 34) * 1000
const AS_OF_US = NOW_US + 5_000_000

const values = (price: number, volume = 1): CandleValues => {
  return { open: price, high: price, low: price, close: price, volume }
}
/** A minute with a stored tick at the price 5, and another one on the log at 7. */
const MORE: LiveMinute = {
  dateTimeUs: NOW_US,
  below: values(5),
  all: { open: 5, high: 7, low: 5, close: 7, volume: 2 },
  sinceUs: NOW_US + 3_000_000,
}
/** The next minute, with one tick on the log at the price 8. */
const NEXT: LiveMinute = {
  dateTimeUs: NOW_US + MINUTE_US,
  below: undefined,
  all: values(8),
  sinceUs: NOW_US + MINUTE_US,
}

let archive: MemoryArchive
/** Stored candles of one tick: in each timeframe the one of now, and the two before. */
beforeEach(() => {
  archive = new MemoryArchive(() => NOW_US / 1000)
  const rows = TIMEFRAMES.flatMap(({ name }) => {
    const starts = [bucketStart(timeframeOf(name), NOW_US)]
    while (starts.length < 3) starts.unshift(bucketStart(timeframeOf(name), starts[0]! - 1))
    return starts.map((dateTimeUs, i) =>
      candle({ timeframe: name, dateTimeUs, ...values(5), closed: i < 2, revision: 4 }),
    )
  })
  archive.commit(rows)
})

async function read(
  minutes: readonly LiveMinute[],
  of: Partial<CandlesRequest> = {},
  droppedSinceUs?: number,
) {
  const request: CandlesRequest = {
    ...{ source: 'S', symbol: 'X', timeframe: 'm1', limit: 500 },
    ...{ fromUs: undefined, toUs: undefined },
    ...of,
  }
  const look: LiveLook = {
    asOfUs: AS_OF_US,
    droppedSinceUs,
    minutes,
    version: '',
  }
  const snapshot = await archive.current()
  const stored = await readCandlePage(snapshot, request)
  const { candles, olderUs, waitingSinceUs } = await withLive(stored, request, snapshot, look)
  const live = candles.filter(({ asOfUs }) => asOfUs !== undefined)
  const starts = candles.map(({ dateTimeUs }) => (dateTimeUs - NOW_US) / MINUTE_US)
  return { candles, olderUs, waitingSinceUs, live, starts }
}

describe('a page with live candles', () => {
  test('has the ticks of the log in the stored candle, which keeps its revision and its stamp', async () => {
    const { candles, live } = await read([MORE])
    const stored = candle({ dateTimeUs: NOW_US, closed: false, revision: 4 })
    expect(live).toEqual([{ ...stored, ...MORE.all, asOfUs: AS_OF_US }])
    expect(candles.map(({ volume }) => volume)).toEqual([1, 1, 2])
  })

  test.each(TIMEFRAMES.map(({ name }) => [name as TimeframeName]))(
    'puts %s together from the stored finer candles and the live minute',
    async timeframe => {
      const { live } = await read([MORE], { timeframe })
      expect(live).toMatchObject([
        { dateTimeUs: bucketStart(timeframeOf(timeframe), NOW_US), close: 7, high: 7, revision: 4 },
      ])
    },
  )

  test('has a candle of revision 0 for a minute of which nothing is stored', async () => {
    const { live, starts } = await read([MORE, NEXT])
    expect(starts).toEqual([-2, -1, 0, 1])
    const unstored = { closed: false, revision: 0, updatedAtUs: AS_OF_US, asOfUs: AS_OF_US }
    expect(live[1]).toMatchObject({ ...values(8), ...unstored })
    expect((await read([MORE, NEXT], { timeframe: 'M1' })).live).toMatchObject([{ close: 8, high: 8 }])
  })

  test('has no more candles than are asked for: the oldest goes, and the page before ends there', async () => {
    const three = await read([MORE, NEXT], { limit: 3 })
    expect(three.starts).toEqual([-1, 0, 1])
    expect(three.olderUs).toBe(NOW_US - MINUTE_US)
    expect((await read([MORE], { limit: 3 })).starts).toEqual([-2, -1, 0])
    const one = await read([MORE], { limit: 1 })
    expect([one.starts, one.olderUs, one.live.length]).toEqual([[0], NOW_US, 1])
  })

  test('has none of them outside of the ends that are asked for, nor of what is on an older page', async () => {
    const late = { ...MORE, dateTimeUs: NOW_US - 2 * MINUTE_US }
    expect((await read([MORE], { toUs: NOW_US })).live).toEqual([])
    expect((await read([MORE], { toUs: NOW_US + 1 })).live).toHaveLength(1)
    expect((await read([late, MORE], { fromUs: NOW_US - MINUTE_US })).live).toHaveLength(1)
    expect((await read([late, MORE], { limit: 2 })).live).toHaveLength(1)
    expect((await read([late, MORE])).live).toHaveLength(2)
  })

  test('is as it is stored where nothing waits', async () => {
    const { candles, live } = await read([])
    expect([candles.length, live]).toEqual([3, []])
  })
})

describe('a page with all ticks', () => {
  const waitingSince = async (...args: Parameters<typeof read>) => (await read(...args)).waitingSinceUs

  test('says that none waits, in each timeframe', async () => {
    expect(await waitingSince([])).toBeUndefined()
    for (const { name } of TIMEFRAMES)
      expect(await waitingSince([MORE, NEXT], { timeframe: name as TimeframeName })).toBeUndefined()
  })

  test('is distinguished from one that lacks ticks by the timestamp of the oldest one lacking', async () => {
    const unknown = { ...MORE, below: undefined }
    expect(await waitingSince([unknown, NEXT])).toBe(MORE.sinceUs)
    expect(await waitingSince([unknown, NEXT], { timeframe: 'D1' })).toBe(MORE.sinceUs)
    expect(await waitingSince([MORE, NEXT], {}, 5)).toBe(5)
    expect(await waitingSince([unknown], { toUs: NOW_US })).toBeUndefined()
  })
})

describe('a minute is left as it is stored', () => {
  const isLeft = async (minute: LiveMinute, timeframe: TimeframeName = 'm1') => {
    const { live, waitingSinceUs } = await read([minute], { timeframe })
    expect(waitingSinceUs).toBe(live.length === 0 ? minute.sinceUs : undefined)
    return live.length === 0
  }
  /** Changes the state that the commit carries. */
  const tell = (state: Partial<CandlesState>) => archive.commit([], state)
  const hour = HourSet.of([hourOf(NOW_US)])

  test('when the log has not the ticks that are stored: too few, others, or too many', async () => {
    expect(await isLeft(MORE)).toBe(false)
    expect(await isLeft({ ...MORE, below: undefined })).toBe(true)
    expect(await isLeft({ ...MORE, below: values(5, 2) })).toBe(true)
    expect(await isLeft({ ...MORE, below: { ...values(5), low: 4 } })).toBe(true)
    expect(await isLeft({ ...MORE, dateTimeUs: NOW_US + MINUTE_US })).toBe(true)
    expect(await isLeft({ ...MORE, below: undefined }, 'D1')).toBe(true)
  })

  test('when its hour is stale, unless the minute is exact', async () => {
    tell({ hours: { ...NOTHING_STALE, stale: hour } })
    expect(await isLeft(MORE)).toBe(true)
    tell({ hours: { ...NOTHING_STALE, stale: hour, exact: { fromUs: NOW_US, toUs: NOW_US + HOUR_US } } })
    expect(await isLeft(MORE)).toBe(false)
  })

  test('when its candles are held', async () => {
    tell({ held: hour })
    expect(await isLeft(MORE)).toBe(true)
  })

  test('in coarser candles of a damaged hour, as the rollup leaves them', async () => {
    const [damaged] = [HourSet.of([hourOf(NOW_US - DAY_US)])]
    tell({ hours: { ...NOTHING_STALE, stale: damaged, damaged } })
    expect(await Promise.all((['m1', 'h1', 'D1'] as const).map(of => isLeft(MORE, of)))).toEqual([
      false,
      false,
      false,
    ])
    expect(await Promise.all((['W1', 'M1'] as const).map(of => isLeft(MORE, of)))).toEqual([true, true])
  })
})
