import { random } from '../faults/random.ts'
import { until } from '../faults/until.ts'
import { type Audit, audit } from './audit.ts'
import { CandleTable } from './candleTable.ts'
import { isPublished, stampNow } from './faults.ts'
import { PublisherProcess } from './publisherProcess.ts'
import { brokersOf, type PublishWorld } from './world.ts'

/** How a backlog went out. */
export interface Backlog extends Audit {
  readonly commits: number
  readonly transactions: number
  readonly seconds: number
  readonly cpuS: number
  /** The publisher's memory at its peak, MiB. */
  readonly peakMiB: number
}

const MINUTES = 40
const CANDLES_PER_MINUTE = 200

/** Commits of every size: half of all candles in one, as of a history; ever smaller ones; at last those of minutes. */
function commitSizes(candles: number): number[] {
  const sizes = []
  let left = candles - MINUTES * CANDLES_PER_MINUTE
  for (; left > CANDLES_PER_MINUTE; left -= sizes.at(-1)!) sizes.push(Math.ceil(left / 2))
  return [...sizes, left, ...Array<number>(MINUTES).fill(CANDLES_PER_MINUTE)].filter(size => size > 0)
}

/** Lets candles pile up, and then a publisher begin. */
export async function publishBacklog(
  world: PublishWorld,
  { candles, seed, say }: { candles: number; seed: number; say: (line: string) => void },
): Promise<Backlog> {
  const table = new CandleTable(world.services, random(seed))
  const sizes = commitSizes(candles)
  for (const size of sizes) {
    await table.commit(size, Math.min(size, CANDLES_PER_MINUTE))
    say(`${table.size} candles committed`)
  }
  const publisher = await PublisherProcess.start(world.sandbox.env)
  try {
    const startedMs = performance.now()
    await isPublished(world, await stampNow(world), 1_800_000)
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10
    const { cpuS, peakBytes } = publisher
    // A call counts its transactions when it has ended, which is after the last of them can be read.
    await until('a call finds nothing left', () => publisher.outcomes.has('idle'))
    const found = await audit(world.services, brokersOf(world))
    return {
      ...found,
      commits: sizes.length,
      transactions: publisher.transactions,
      seconds,
      cpuS,
      peakMiB: Math.round(peakBytes / 2 ** 20),
    }
  } finally {
    await publisher.kill()
  }
}
