import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import type { Query } from '../../lib/ports.ts'
import { type Budget, UNBOUNDED } from '../../lib/rollup/budget.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { bringUp, serversOf } from '../../sandbox/sandbox.ts'
import { answerLost, faultyCatalog, neverArrived, successTold409 } from '../support/faultyCatalog.ts'
import { sorted } from '../support/oracle.ts'
import { openWorld, type TestTick, type World } from './rollupWorld.ts'
import { sandboxEnv } from './sandbox.ts'

let world: World
/** Each test has a symbol and a day of its own. */
let symbol: string
let day = 0
beforeAll(async () => {
  world = await openWorld('races')
  await world.rollup()
})
afterAll(() => world.close())
beforeEach(() => {
  day += 1
  symbol = `RACE${day}`
})

/** So many ticks from a minute of the test's day on, half a minute apart. */
function ticks(minute: number, count = 6): TestTick[] {
  const start = Date.UTC(2023, 5, day, 12, minute)
  return Array.from({ length: count }, (_, n) => {
    return { symbol, mid: minute + (n % 3), dateTime: new Date(start + n * 30_000).toISOString() }
  })
}

async function arrive(some: readonly TestTick[]): Promise<void> {
  await world.send(some)
  await world.ingest()
}

async function expectRight(): Promise<void> {
  expect(sorted(await world.stored(symbol))).toEqual(world.expected(symbol))
}

/** Trino, but something else happens before a statement is run, or after it. */
function withHarm(harm: { before?: () => Promise<unknown>; after?: () => Promise<unknown> }): Query {
  const { query } = world.services
  return {
    async rows<Row>(sql: string): Promise<Row[]> {
      const { before, after } = harm
      delete harm.before
      delete harm.after
      await before?.()
      const rows = await query.rows<Row>(sql)
      await after?.()
      return rows
    },
  }
}

describe('the same candles in the end, each revision with one content', () => {
  test('two rollups at once: one commits, the other finds nothing left', async () => {
    await arrive(ticks(0))
    const done = await Promise.all([world.rollup(), world.rollup()])
    expect(done.filter(({ changed }) => changed > 0)).toHaveLength(1)
    await expectRight()
    expect((await world.stored(symbol)).every(({ revision }) => revision === 1)).toBe(true)
  })

  test('one stalled before its commit while another goes on, then waking: it begins again from what is there', async () => {
    await arrive(ticks(0))
    const stalled = world.rollup({
      catalog: faultyCatalog(world.services.catalog, async commit => {
        await arrive(ticks(1))
        await world.rollup()
        expect(await world.stored(symbol)).not.toEqual([])
        await commit()
      }),
    })
    expect(await stalled).toMatchObject({ changed: 0, behind: 0 })
    await expectRight()
  })

  test.each([
    ['the answer to its commit is lost', answerLost],
    ['its commit never arrives', neverArrived],
    ['its own success is told as a conflict', successTold409],
  ])('%s', async (_, fault) => {
    await arrive(ticks(0))
    await world.rollup({ catalog: faultyCatalog(world.services.catalog, fault) })
    await expectRight()
    expect((await world.stored(symbol)).every(({ revision }) => revision === 1)).toBe(true)
  })

  test.each(['before', 'during', 'after'])('killed %s its commit, and run again', async when => {
    await arrive(ticks(0))
    await killRollup(when)
    await world.stored(symbol)
    await arrive(ticks(1))
    await world.rollup()
    await expectRight()
  })

  /** Rolls up the minute that begins the test's day at noon, folded ahead; something happens before its ticks are awaited. */
  async function rollupFoldedAhead(meanwhile: () => Promise<unknown>): Promise<boolean[]> {
    const { services } = world
    const done = Promise.withResolvers<void>()
    const usesPaths: boolean[] = []
    const query: Query = {
      async rows<Row>(sql: string): Promise<Row[]> {
        const rows = await services.query.rows<Row>(sql)
        if (usesPaths.push(sql.includes('"$path" IN')) === 1) await meanwhile().finally(done.resolve)
        return rows
      },
    }
    const topicLog: typeof services.topicLog = {
      async offsets(topic) {
        await done.promise
        return services.topicLog.offsets(topic)
      },
      topicId: topic => services.topicLog.topicId(topic),
      groupOffsets: (...group) => services.topicLog.groupOffsets(...group),
      isCompacted: topic => services.topicLog.isCompacted(topic),
      unseen: (...stretch) => services.topicLog.unseen(...stretch),
      firstFrom: (...place) => services.topicLog.firstFrom(...place),
      last: (...place) => services.topicLog.last(...place),
      records: (...stretch) => services.topicLog.records(...stretch),
    }
    // A tenth of a second after the minute: its grace is awaited.
    const nowMs = () => Date.UTC(2023, 5, day, 12, 2) + 100
    await world.rollup({ query, topicLog, nowMs })
    return usesPaths
  }

  test('ticks that come after the minute was folded ahead: a statement over their files alone completes it', async () => {
    await arrive(ticks(0, 3))
    expect(await rollupFoldedAhead(() => arrive(ticks(0, 4)))).toEqual([false, true])
    await expectRight()
  })

  test('files merged after the minute was folded ahead: all of it is folded again', async () => {
    await arrive(ticks(0, 3))
    const usesPaths = await rollupFoldedAhead(async () => {
      await arrive(ticks(1, 3))
      await world.services.query.rows('ALTER TABLE lake.market_data.stock_ticks EXECUTE optimize')
    })
    expect(usesPaths).toEqual([false, false])
    await expectRight()
  })

  test("Trino's optimize of both tables between its SELECT and its commit", async () => {
    await arrive(ticks(0))
    await arrive(ticks(1))
    const june = `date_time >= TIMESTAMP '2023-06-01 00:00:00 UTC' AND date_time < TIMESTAMP '2023-07-01 00:00:00 UTC'`
    const optimize = async () => {
      for (const table of ['candles', 'stock_ticks']) {
        await world.services.query.rows(
          `ALTER TABLE lake.market_data.${table} EXECUTE optimize WHERE ${june}`,
        )
      }
    }
    await world.rollup({ query: withHarm({ after: optimize }) })
    await expectRight()
    await arrive(ticks(2))
    await world.rollup()
    await expectRight()
    expect((await world.stored(symbol)).some(({ revision }) => revision > 2)).toBe(false)
  })

  test('compaction of the candles between its SELECT and its commit: it begins again once, and compaction once a call', async () => {
    // So many m1 candles at once that they settle in a file of their own.
    for (let stretch = 0; stretch < 5; stretch++) {
      const many = Array.from({ length: 42 }, (_, n) => ticks(stretch * 50 + n, 1))
      const symbols = Array.from({ length: 50 }, (_, n) => `${symbol}-${n}`)
      await arrive(symbols.flatMap(each => many.flat().map(tick => ({ ...tick, symbol: each }))))
      await world.rollup()
    }
    await arrive(ticks(0))
    const commits: string[] = []
    const inSlot = () => Math.floor(world.clock.nowMs / 60_000) * 60_000 + 30_000
    const compact = () =>
      maintain({ ...world.services, nowMs: inSlot }, { only: 'compaction' }, () => 240_000)
    const catalog = faultyCatalog(
      world.services.catalog,
      async commit => {
        const done = await compact()
        expect(done['market_data.candles']!.merged).toBeGreaterThanOrEqual(5)
        commits.push('raced')
        await commit()
      },
      async commit => {
        commits.push('won')
        await commit()
      },
    )
    expect(await world.rollup({ catalog })).toMatchObject({ behind: 0 })
    expect(commits).toEqual(['raced', 'won'])
    await expectRight()
    symbol = `${symbol}-7`
    await expectRight()
  })

  test('a backfill of the same day beside the minutes', async () => {
    await arrive(ticks(0))
    await world.rollup()
    await arrive(ticks(1))
    const range = { fromUs: Date.UTC(2023, 5, day) * 1000, toUs: Date.UTC(2023, 5, day + 1) * 1000 }
    const [done] = await Promise.all([world.recompute(range), world.rollup()])
    expect(done).toMatchObject({ hoursStale: 0 })
    await expectRight()
    expect(await world.recompute(range)).toMatchObject({ hoursStale: 0, changed: 0 })
  })

  test('ticks that are rolled back stop it, and ingested again they make the same candles', async () => {
    await arrive(ticks(0))
    await world.rollup()
    const before = currentSnapshot(await world.services.catalog.loadTable(TICKS_TABLE))!
    await arrive(ticks(1))
    await world.rollup()
    const candles = await world.stored(symbol)
    await world.services.query.rows(
      `ALTER TABLE lake.market_data.stock_ticks EXECUTE rollback_to_snapshot(${before.snapshotId})`,
    )
    await expect(world.rollup()).rejects.toMatchObject({ code: 'TICKS_GONE' })
    world.rewind()
    await world.ingest()
    await world.rollup()
    expect(await world.stored(symbol)).toEqual(candles)
    await expectRight()
  })

  test('Trino killed in the middle: the round fails, and the next call does it', async () => {
    await arrive(ticks(0))
    const settings = inject('sandboxSettings')
    const trino = serversOf(settings).find(({ name }) => name === 'trino')
    const rollup = world.rollup({ query: withHarm({ before: async () => trino?.kill() }) })
    await expect(rollup).rejects.toMatchObject({ code: 'TRINO_UNAVAILABLE', retryable: true })
    const terminal = { say: () => {}, show: () => {} }
    await bringUp(settings, { startedBy: 'test', terminal, servers: ['trino'] })
    await world.rollup()
    await expectRight()
  }, 600_000)
})

describe('far behind', () => {
  /** A call that has time for so many rounds of the backlog. */
  const timeFor = (rounds: number): Budget => {
    let left = rounds
    return { mayBegin: () => left-- > 0, statementMs: UNBOUNDED.statementMs }
  }
  const backlog = () =>
    Array.from({ length: 600 }, (_, n) => ({
      symbol,
      mid: n,
      dateTime: new Date(Date.UTC(2022, 10, 1) + n * 3_600_000 + (n % 7) * 1_000).toISOString(),
    }))

  test('600 ticks of 25 days come in rounds, each of which stands; interrupted, it goes on', async () => {
    await world.send(backlog())
    await world.ingest(Number.POSITIVE_INFINITY, 100)
    const first = await world.rollup({}, timeFor(1))
    expect(first).toMatchObject({ behind: 0, rounds: 2, hoursStale: 600 - first.hoursDone })
    expect(first.hoursDone).toBeGreaterThan(0)
    const lines: unknown[] = []
    const log = { debug: (_: string, fields?: object) => void lines.push(fields), info() {}, warn() {} }
    const rest = await world.rollup({ log })
    expect(rest).toMatchObject({ behind: 0, hoursDone: first.hoursStale, hoursStale: 0 })
    expect(lines).toHaveLength(rest.rounds)
    expect(lines.at(-1)).toMatchObject({
      hoursDone: rest.hoursDone,
      hoursLeft: 0,
      tookMs: expect.any(Number),
    })
    await expectRight()
    expect((await world.stored(symbol)).filter(c => c.timeframe === 'm1' && c.revision > 1)).toEqual([])
  })

  test('a call that loses a race to another begins again from what that has left', async () => {
    await world.send(backlog())
    await world.ingest(Number.POSITIVE_INFINITY, 100)
    const overtaken = faultyCatalog(world.services.catalog, async commit => {
      await world.rollup({}, timeFor(3))
      await commit()
    })
    const left = await world.rollup({ catalog: overtaken })
    expect(left).toMatchObject({ behind: 0, hoursStale: 0 })
    expect(left.hoursDone).toBeLessThan(600)
    await expectRight()
  })
})

/** Ends a rollup's process with SIGKILL when it is about to commit, in the middle of it, or has just committed. */
async function killRollup(when: string): Promise<void> {
  const script = new URL('rollupOnce.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, when], {
    env: { ...process.env, ...sandboxEnv(), TICKS_TOPIC: world.topic },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const awaited = when === 'after' ? 'committed\n' : 'commits\n'
  for await (const chunk of child.stdout) if (String(chunk).includes(awaited)) break
  child.kill('SIGKILL')
  await ended
}
