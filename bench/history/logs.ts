import type { Instrument } from '../../lib/produce/fakeTicks.ts'
import { type OffsetVector, UNKNOWN_TIME } from '../../lib/tables/offsetVector.ts'

/** Which partition a symbol's ticks lie in, over and over: the first has half of them, the last ones an eighth each. */
const SHARES = [0, 0, 0, 0, 1, 1, 2, 3]

/** Where a symbol's ticks lie on Kafka: the tick `i` of a stretch at `first + i * step`. */
export interface Lane {
  readonly partition: number
  readonly first: number
  readonly step: number
}

/** The logs of a ticks topic on which the ticks of all symbols lie in the order of time, in unequal partitions. */
export class Logs {
  readonly #partitions: readonly { readonly members: readonly Instrument[]; next: number; lastMs: number }[]

  constructor(instruments: readonly Instrument[]) {
    this.#partitions = [...new Set(SHARES)].map(partition => {
      const members = instruments.filter(({ index }) => SHARES[index % SHARES.length] === partition)
      return { members, next: 0, lastMs: UNKNOWN_TIME }
    })
  }

  /** For the stretch that begins now. */
  laneOf(instrument: Instrument): Lane {
    const partition = SHARES[instrument.index % SHARES.length]!
    const { members, next } = this.#partitions[partition]!
    return { partition, first: next + members.indexOf(instrument), step: members.length }
  }

  /** Ends a stretch of so many ticks a symbol, the last of them received at that time. */
  advance(ticks: number, lastMs: number): void {
    for (const log of this.#partitions) {
      if (log.members.length === 0) continue
      log.next += ticks * log.members.length
      log.lastMs = lastMs
    }
  }

  get vector(): OffsetVector {
    const positions = this.#partitions.map(({ next, lastMs }, partition) => {
      return { epoch: 0, partition, next, timestampMs: lastMs }
    })
    return { epoch: 0, positions: positions.filter(({ next }) => next > 0) }
  }
}
