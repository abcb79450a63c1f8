import { describe, expect, test } from 'vitest'
import { CachedArchive } from '../../lib/query/cachedArchive.ts'
import type { CandleArchive } from '../../lib/query/candleArchive.ts'
import { candle, withMonths } from '../support/candles.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'

const STRETCH = { source: 'S', symbol: 'X', timeframe: 'm1', fromUs: 0, toUs: 1e12 }

/** An archive in memory that counts what it is asked, and can be away. */
function world() {
  const memory = new MemoryArchive(() => 0)
  memory.commit(withMonths([candle({ dateTimeUs: 0 })]))
  const state = { looks: 0, queries: 0, isAway: false, nowMs: 0 }
  const ask = () => {
    if (state.isAway) throw new Error('away')
  }
  const counting: CandleArchive = {
    current: async () => {
      state.looks++
      ask()
      const snapshot = await memory.current()
      return {
        ...snapshot,
        newest: async (stretch, limit) => {
          state.queries++
          ask()
          return snapshot.newest(stretch, limit)
        },
      }
    },
  }
  return { memory, state, archive: new CachedArchive(counting, () => state.nowMs) }
}

describe('a cached archive', () => {
  test('10 viewers in one second cost one look and one query; until the next commit no other query', async () => {
    const { archive, state } = world()
    const view = async () => (await archive.current()).newest(STRETCH, 500)
    const answers = await Promise.all(Array.from({ length: 10 }, view))
    expect(answers.every(([first]) => first?.dateTimeUs === 0)).toBe(true)
    expect(state).toMatchObject({ looks: 1, queries: 1 })
    state.nowMs = 5_000
    await view()
    expect(state).toMatchObject({ looks: 2, queries: 1 })
  })

  test('another stretch or limit is another question', async () => {
    const { archive, state } = world()
    const snapshot = await archive.current()
    await snapshot.newest(STRETCH, 500)
    await snapshot.newest(STRETCH, 501)
    await snapshot.newest({ ...STRETCH, symbol: 'Y' }, 500)
    expect(state.queries).toBe(3)
  })

  test('a commit is seen within a second, with its candles', async () => {
    const { archive, memory, state } = world()
    expect(await (await archive.current()).newest(STRETCH, 500)).toHaveLength(1)
    memory.commit(withMonths([candle({ dateTimeUs: 60e6 })]))
    expect(await (await archive.current()).newest(STRETCH, 500)).toHaveLength(1)
    state.nowMs = 1_000
    expect(await (await archive.current()).newest(STRETCH, 500)).toHaveLength(2)
  })

  test('a failure is not remembered: a look is made again after a second, a question at once', async () => {
    const { archive, state } = world()
    const snapshot = await archive.current()
    state.isAway = true
    await expect(snapshot.newest(STRETCH, 500)).rejects.toThrow('away')
    state.nowMs = 1_000
    await expect(archive.current()).rejects.toThrow('away')
    state.isAway = false
    expect(await snapshot.newest(STRETCH, 500)).toHaveLength(1)
    state.nowMs = 2_000
    expect((await archive.current()).id).toBe(snapshot.id)
  })
})
