import { expect, it } from 'vitest'
import { Dispatcher } from '../../batching/dispatcher.ts'
import { Resting } from '../../reading/resting.ts'
import { until } from '../support/harness.ts'
import { batchOf } from '../support/recordSets.ts'
import { mapping, silent } from '../support/records.ts'

const MB = 1024 * 1024
const BUFFER_BYTES = 16 * MB
const PARTITIONS_OF_A_FETCH = 4
/** A batch may lack what it needs while the buffer is full of others' records, and a fetch is more than was lacking. */
const MOST_BYTES = BUFFER_BYTES + 6 * MB + 1.4 * PARTITIONS_OF_A_FETCH * MB

/** What a fetch brings of a partition. */
const fetched = (offset: number) => batchOf([{ key: null, value: Buffer.alloc(MB) }], { baseOffset: offset })

/** Partitions of so many MB each, which are read as the fetcher does it: while they do not rest, and anew when woken. */
function start(count: number, backlog: number, invoke: () => Promise<void>) {
  const partitions = Array.from({ length: count }, (_, partition) => partition)
  const done = new Set<number>()
  const dispatcher = new Dispatcher(
    mapping({ windowMs: 20 }),
    { concurrency: 2, retryMinDelayMs: 1, retryMaxDelayMs: 1 },
    {
      invoke,
      commit: (partition, nextOffset) => void (nextOffset === backlog && done.add(partition)),
      async giveUp() {},
      drained: () => resting.isEmpty || read(),
    },
    silent,
  )
  const resting = new Resting(dispatcher, BUFFER_BYTES)
  const next = new Map(partitions.map(partition => [partition, 0]))
  let most = 0
  let isReading = false
  const read = () => {
    if (isReading) return
    isReading = true
    for (;;) {
      const wanted = partitions.filter(one => !resting.update(one, count) && next.get(one)! < backlog)
      if (wanted.length === 0) break
      for (const partition of wanted.slice(0, PARTITIONS_OF_A_FETCH)) {
        const offset = next.get(partition)!
        next.set(partition, offset + 1)
        dispatcher.accept(partition, [fetched(offset)], offset + 1)
      }
      most = Math.max(most, dispatcher.totalBytes())
    }
    isReading = false
  }
  for (const partition of partitions) dispatcher.assign(partition)
  read()
  return { dispatcher, done, most: () => most }
}

it.each([1, 4, 64, 300])(
  'on a function that hangs, %d partitions fill half of the buffer, and at most it, a batch and a fetch',
  count => {
    const { most } = start(count, 20, () => new Promise(() => {}))
    expect(most()).toBeGreaterThan(BUFFER_BYTES / 2)
    expect(most()).toBeLessThan(MOST_BYTES)
  },
)

it('64 partitions of 4 MB all go through within these bounds, though every other invocation fails', async () => {
  let calls = 0
  const { dispatcher, done, most } = start(64, 4, async () => {
    if (calls++ % 2 === 0) throw new Error('no')
  })
  await until('all is done', () => done.size === 64)
  expect(most()).toBeLessThan(MOST_BYTES)
  await dispatcher.halt()
})
