import { describe, expect, it } from 'vitest'
import type { Slice } from '../../batching/batcher.ts'
import { Dispatcher } from '../../batching/dispatcher.ts'
import type { Mapping } from '../../config/definition.ts'
import { until } from '../support/harness.ts'
import { batch, mapping, range, silent } from '../support/records.ts'

type Invocation = { slices: readonly Slice[]; succeed(answer?: unknown): void; fail(): void }

/** A dispatcher on a function whose invocations the test ends by hand. */
function start(changes: Partial<Mapping> = {}, concurrency = 2) {
  const running: Invocation[] = []
  const commits: [partition: number, nextOffset: number][] = []
  const given: string[] = []
  const dispatcher = new Dispatcher(
    mapping({ windowMs: 0, ...changes }),
    { concurrency, retryMinDelayMs: 10, retryMaxDelayMs: 10 },
    {
      invoke: slices =>
        new Promise((succeed, reject) => {
          running.push({ slices, succeed, fail: () => reject(new Error('no')) })
        }),
      commit: (partition, nextOffset) => void commits.push([partition, nextOffset]),
      giveUp: async (_, reason) => void given.push(reason),
      drained() {},
    },
    silent,
  )
  const invoked = async (count: number) => {
    await until(`${count} invocations`, () => running.length >= count)
    return running[count - 1]!
  }
  return { dispatcher, running, commits, given, invoked }
}

const ranges = ({ slices }: Invocation) => slices.map(range)

describe('Dispatcher', () => {
  it('runs 2 partitions side by side, one partition never, and commits after success', async () => {
    const { dispatcher, running, commits, invoked } = start()
    for (const partition of [0, 1]) dispatcher.assign(partition)
    dispatcher.accept(0, [batch(0, 2)], 2)
    dispatcher.accept(0, [batch(2, 3)], 3)
    dispatcher.accept(1, [batch(0, 1)], 1)
    const second = await invoked(2)
    expect(running.map(ranges)).toEqual([['0:0-1'], ['1:0-0']])
    expect(commits).toEqual([])
    running[0]!.succeed()
    expect(ranges(await invoked(3))).toEqual(['0:2-2'])
    second.succeed()
    running[2]!.succeed()
    await dispatcher.halt()
    expect(commits).toEqual([
      [0, 2],
      [1, 1],
      [0, 3],
    ])
  })

  it('says which partitions a batch lacks records of: none that is busy, none once it is full', async () => {
    const { dispatcher, invoked } = start({ batchSize: 3, windowMs: 60_000 }, 1)
    for (const partition of [0, 1]) dispatcher.assign(partition)
    const served = () => [0, 1].map(partition => dispatcher.isServed(partition))
    dispatcher.accept(0, [batch(0, 2)], 2)
    expect(served()).toEqual([false, false])
    dispatcher.accept(0, [batch(2, 4)], 4)
    const first = await invoked(1)
    expect(served()).toEqual([true, false])
    dispatcher.accept(1, [batch(0, 3)], 3)
    expect(served()).toEqual([true, true])
    first.succeed()
    expect(ranges(await invoked(2))).toEqual(['0:3-3', '1:0-1'])
    expect(served()).toEqual([true, true])
  })

  it('starts no second invocation with a concurrency of 1, but does while a failed one waits', async () => {
    const { dispatcher, running, invoked } = start({}, 1)
    for (const partition of [0, 1]) dispatcher.assign(partition)
    dispatcher.accept(0, [batch(0, 1)], 1)
    dispatcher.accept(1, [batch(0, 1)], 1)
    const first = await invoked(1)
    expect(running).toHaveLength(1)
    first.fail()
    expect(ranges(await invoked(2))).toEqual(['1:0-0'])
    running[1]!.succeed()
    expect(ranges(await invoked(3))).toEqual(['0:0-0'])
  })

  it('neither commits nor tries again what it has lost in mid-batch, and starts clean when it comes back', async () => {
    const { dispatcher, commits, invoked, running } = start()
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 2)], 2)
    const lost = await invoked(1)
    dispatcher.revoke(0)
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 3)], 3)
    expect(running).toHaveLength(1)
    lost.succeed()
    const again = await invoked(2)
    expect(ranges(again)).toEqual(['0:0-2'])
    expect(commits).toEqual([])
    again.succeed()
    await dispatcher.halt()
    expect(commits).toEqual([[0, 3]])
  })

  it('drops only the partition that was lost from a mixed batch that failed', async () => {
    const { dispatcher, invoked } = start({ batchSize: 2, windowMs: 60_000 })
    for (const partition of [0, 1]) {
      dispatcher.assign(partition)
      dispatcher.accept(partition, [batch(0, 1)], 1)
    }
    const mixed = await invoked(1)
    expect(ranges(mixed)).toEqual(['0:0-0', '1:0-0'])
    dispatcher.revoke(0)
    mixed.fail()
    expect(ranges(await invoked(2))).toEqual(['1:0-0'])
  })

  it('gives 1 batch up after 1 retry, and commits past it', async () => {
    const { dispatcher, commits, given, invoked } = start({ maximumRetries: 1 })
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 4)], 4)
    ;(await invoked(1)).fail()
    ;(await invoked(2)).fail()
    await until('a commit', () => commits.length > 0)
    expect([commits, given]).toEqual([[[0, 4]], ['no']])
  })

  it('commits past records that a filter drops: at once when idle, after the batch when busy', async () => {
    const { dispatcher, commits, invoked } = start({ filters: [{ value: ['value 1'] }] })
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 1)], 1)
    expect(commits).toEqual([[0, 1]])
    dispatcher.accept(0, [batch(1, 2)], 2)
    const only = await invoked(1)
    dispatcher.accept(0, [batch(2, 9)], 9)
    expect(commits).toHaveLength(1)
    only.succeed()
    await until('3 commits', () => commits.length === 3)
    expect(commits).toEqual([
      [0, 1],
      [0, 2],
      [0, 9],
    ])
  })

  it('ends a stop at once when a batch only waits for its retry, without committing it', async () => {
    const { dispatcher, commits, invoked } = start()
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 1)], 1)
    ;(await invoked(1)).fail()
    await dispatcher.halt()
    expect(commits).toEqual([])
  })

  it('runs a change between invocations, and what waits after it', async () => {
    const { dispatcher, running, invoked } = start()
    dispatcher.assign(0)
    dispatcher.accept(0, [batch(0, 1)], 1)
    const first = await invoked(1)
    let runningDuringChange: number | undefined
    const changed = dispatcher.between(async () => {
      runningDuringChange = running.length
    })
    dispatcher.accept(0, [batch(1, 2)], 2)
    first.succeed()
    await changed
    expect(runningDuringChange).toBe(1)
    expect(ranges(await invoked(2))).toEqual(['0:1-1'])
  })
})
