import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ancestors } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { dayOf } from '../../lib/market/time.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { random } from '../faults/random.ts'
import { FaultProxy } from '../faults/world/proxy.ts'
import { catchUp, runVerify, strayFiles, TickCommits } from './maintainWorld.ts'
import { sandboxEnv, services, until } from './sandbox.ts'

const TICKS = 'market_data.stock_ticks'
/** Days since 1970 that the commits' ticks fall on; other tests have theirs, with few ticks each. */
const OWN_DAYS = new Set([dayOf(Date.UTC(2025, 8, 30) * 1000), dayOf(Date.UTC(2025, 9, 1) * 1000)])
/** Within the part of a minute that compaction works in. */
const IN_SLOT = () => Math.floor(Date.now() / 60_000) * 60_000 - 30_000
/** Far below what may be set, so that files become orphans while the test runs; far above what a commit takes. */
const RETENTION_MS = 6_000

const connections = services()
const ticks = new TickCommits(connections, 'KILLED')
const enoughTime = () => 240_000
const load = () => connections.catalog.loadTable(TICKS_TABLE)
/** What others have left, such as statistics of Trino's, which nobody removes. */
let leftBefore: ReadonlySet<string>
/** What the killed ones have left, as long as it was there. */
const left = new Set<string>()
beforeAll(async () => {
  await rollupCandles(connections, UNBOUNDED)
  leftBefore = new Set((await strayFiles(connections)).unnamed)
})
afterAll(() => connections.close())

async function rowsInFiles(): Promise<number> {
  const files = await planFiles(connections.store, await load())
  return files.reduce((sum, { recordCount }) => sum + recordCount, 0)
}

/** `maintain` in a process of its own, killed at a moment that it tells of, or when so much time has passed. */
async function killed(moment: string, nth: number, afterMs?: number): Promise<void> {
  const script = new URL('maintainOnce.ts', import.meta.url).pathname
  // One that is ended before it removes anything may find anything old enough.
  const retentionMs = moment === 'remove' ? 1 : RETENTION_MS
  const child = spawn(process.execPath, [script, moment, String(nth), String(retentionMs)], {
    env: { ...process.env, ...sandboxEnv() },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const awaited = afterMs === undefined ? 'there\n' : 'begins\n'
  for await (const chunk of child.stdout) if (String(chunk).endsWith(awaited)) break
  if (afterMs !== undefined) await setTimeout(afterMs)
  child.kill('SIGKILL')
  const [code] = await ended
  // A moment that never came would prove nothing.
  if (afterMs === undefined) expect(code).toBe(null)
}

/** A file of the ticks table that no snapshot names, older than all that is committed from then on. */
async function leaveOrphan(): Promise<void> {
  const { location } = (await load()).metadata
  await connections.store.write(`${location}/data/${crypto.randomUUID()}.parquet`, Uint8Array.of(1))
  await setTimeout(1_000)
}

describe('maintain killed with kill -9, beside ingest and rollup', () => {
  const { int } = random(20_251_125)
  const moments: [string, string, number, number?][] = [
    ['before its first file is written', 'write', 1],
    ['after its first file is written', 'write', 2],
    ['before its commit', 'commit', 1],
    ['after its commit', 'committed', 1],
    ...[0, 1, 2].map(i => {
      const afterMs = int(i * 400, (i + 1) * 400)
      return [`${afterMs} ms after its start`, 'never', 1, afterMs] as [string, string, number, number]
    }),
    ['before an orphan is removed', 'remove', 1],
  ]

  test.each(moments)('%s: nothing is lost, doubled or missing', async (_, moment, nth, afterMs) => {
    if (moment === 'remove') await leaveOrphan()
    await ticks.add(6)
    await rollupCandles(connections, UNBOUNDED)
    const before = ticksState(await load())
    const beside = (async () => {
      await ticks.add(2)
      await rollupCandles(connections, UNBOUNDED)
    })()
    await Promise.all([killed(moment, nth, afterMs), beside])

    const { missing, unnamed } = await strayFiles(connections)
    expect(missing).toEqual([])
    for (const uri of new Set(unnamed).difference(leftBefore)) left.add(uri)
    const { totals, vector } = ticksState(await load())
    expect(totals.ticks).toBe(before.totals.ticks + 40)
    expect(await rowsInFiles()).toBe(totals.ticks)
    const moved = vector.positions.map((p, i) => p.next - before.vector.positions[i]!.next)
    expect(moved.reduce((sum, n) => sum + n, 0)).toBe(40)
  })

  test('the next one finishes the work: files are merged, what the killed ones left is removed, verify is clean', async () => {
    const settings = { ...connections.settings, retentionMs: RETENTION_MS }
    expect(left.size).toBeGreaterThan(0)
    await until(
      'what was left is removed',
      async () => {
        await ticks.add(1)
        await rollupCandles(connections, UNBOUNDED)
        await maintain({ ...connections, settings, nowMs: IN_SLOT }, { only: 'compaction' }, enoughTime)
        await maintain({ ...connections, settings }, { only: 'orphans' }, enoughTime)
        const { unnamed, missing } = await strayFiles(connections)
        expect(missing).toEqual([])
        return left.isDisjointFrom(new Set(unnamed))
      },
      200_000,
    )
    expect(await rowsInFiles()).toBe(ticksState(await load()).totals.ticks)
    const small = (await planFiles(connections.store, await load())).filter(
      file => OWN_DAYS.has(Number(file.partition.date_time_day)) && file.recordCount <= 20,
    )
    expect(small.length).toBeLessThan(8)
    await catchUp(connections)
    await publishCandles(connections, enoughTime)
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differences: [], differenceCount: 0 } })
  })
})

describe('the answer to its commit is lost', () => {
  let proxy: FaultProxy
  beforeAll(async () => {
    proxy = await FaultProxy.start(sandboxEnv().ICEBERG_URI!)
  })
  afterAll(() => proxy.stop())

  test('it finds its snapshot, and replaces the files once', async () => {
    await ticks.add(8)
    await rollupCandles(connections, UNBOUNDED)
    const before = await load()
    const behindProxy = services({ ICEBERG_URI: `http://127.0.0.1:${proxy.port}` })
    const lost = proxy.once(
      ({ method, path }) => method === 'POST' && path.endsWith('/tables/stock_ticks'),
      async exchange => {
        expect((await exchange.forward()).status).toBe(200)
        exchange.cut()
      },
    )
    const maintained = { ...behindProxy, nowMs: IN_SLOT }
    const [result] = await Promise.all([maintain(maintained, { only: 'compaction' }, enoughTime), lost])
    await behindProxy.close()
    expect(result[TICKS]!.merged).toBeGreaterThanOrEqual(8)

    const after = await load()
    const isNew = ({ sequenceNumber }: { sequenceNumber: number }) =>
      sequenceNumber > before.metadata.lastSequenceNumber
    const replaced = [...ancestors(after)].filter(isNew)
    expect(replaced.map(({ summary }) => summary.operation)).toEqual(['replace'])
    expect(ticksState(after)).toEqual(ticksState(before))
    expect(await rowsInFiles()).toBe(ticksState(after).totals.ticks)
    await catchUp(connections)
    await publishCandles(connections, enoughTime)
    expect(await runVerify()).toMatchObject({ code: 0, findings: { differences: [], differenceCount: 0 } })
  })
})
