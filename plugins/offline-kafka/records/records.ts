import { type Header, RecordFields } from './recordFields.ts'

const CELLS = 5
const OFFSET = 0
const TIMESTAMP = 1
const START = 2
const END = 3
const JSON_BYTES = 4

/** One record, looked at alone: its fields are read when they are asked for. */
export class SourceRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly #bytes: Buffer
  readonly #start: number

  constructor(offset: number, timestampMs: number, bytes: Buffer, start: number) {
    this.offset = offset
    this.timestampMs = timestampMs
    this.#bytes = bytes
    this.#start = start
  }

  get key(): Buffer | null {
    return this.#fields().key
  }

  get value(): Buffer | null {
    return this.#fields().value
  }

  get headers(): Header[] {
    return this.#fields().headers()
  }

  #fields(): RecordFields {
    return fields.read(this.#bytes, this.#start)
  }
}

const fields = new RecordFields()

/**
 * The records of one batch of Kafka's, where they lie in what was fetched: a row of numbers for each, no object.
 * An object of every record, however small, would cost more memory and time than all else that happens to it here.
 */
export class RecordBatch {
  readonly bytes: Buffer
  /** Whether the broker has set the times, not the producer. */
  readonly isLogAppendTime: boolean
  readonly #cells: Float64Array
  #length = 0

  constructor(bytes: Buffer, isLogAppendTime: boolean, capacity: number) {
    this.bytes = bytes
    this.isLogAppendTime = isLogAppendTime
    this.#cells = new Float64Array(capacity * CELLS)
  }

  get length(): number {
    return this.#length
  }

  /** Adds the record that lies from `start` up to `end`; `jsonBytes` is what its own contents take in the event's JSON. */
  add(offset: number, timestampMs: number, start: number, end: number, jsonBytes: number): void {
    const row = this.#length++ * CELLS
    this.#cells[row + OFFSET] = offset
    this.#cells[row + TIMESTAMP] = timestampMs
    this.#cells[row + START] = start
    this.#cells[row + END] = end
    this.#cells[row + JSON_BYTES] = jsonBytes
  }

  offset(index: number): number {
    return this.#cells[index * CELLS + OFFSET]!
  }

  timestampMs(index: number): number {
    return this.#cells[index * CELLS + TIMESTAMP]!
  }

  start(index: number): number {
    return this.#cells[index * CELLS + START]!
  }

  end(index: number): number {
    return this.#cells[index * CELLS + END]!
  }

  jsonBytes(index: number): number {
    return this.#cells[index * CELLS + JSON_BYTES]!
  }

  at(index: number): SourceRecord {
    return new SourceRecord(this.offset(index), this.timestampMs(index), this.bytes, this.start(index))
  }

  /** The records that `keep` holds for; when that is not all of them, in memory of their own: a few must not keep the rest alive. */
  filter(keep: (record: SourceRecord) => boolean): RecordBatch {
    const kept = Array.from({ length: this.#length }, (_, i) => i).filter(i => keep(this.at(i)))
    if (kept.length === this.#length) return this
    const bytes = Buffer.concat(kept.map(i => this.bytes.subarray(this.start(i), this.end(i))))
    const batch = new RecordBatch(bytes, this.isLogAppendTime, kept.length)
    let at = 0
    for (const i of kept) {
      const start = at
      at += this.end(i) - this.start(i)
      batch.add(this.offset(i), this.timestampMs(i), start, at, this.jsonBytes(i))
    }
    return batch
  }
}

/** Neighbours in one batch: the records from index `from` up to, not with, `to`. */
export interface Run {
  readonly batch: RecordBatch
  readonly from: number
  readonly to: number
}

/** Records of one partition, in the order of their offsets: used like an array, and cut without copying. */
export class Records {
  readonly runs: readonly Run[]
  readonly length: number

  constructor(runs: readonly Run[]) {
    this.runs = runs
    this.length = runs.reduce((sum, { from, to }) => sum + to - from, 0)
  }

  /** As of an array: from the end when negative, undefined beyond. */
  at(index: number): SourceRecord | undefined {
    let left = index < 0 ? this.length + index : index
    if (left < 0) return undefined
    for (const { batch, from, to } of this.runs) {
      if (left < to - from) return batch.at(from + left)
      left -= to - from
    }
    return undefined
  }

  /** -1 when there is no record of that offset. */
  indexOfOffset(offset: number): number {
    let before = 0
    for (const { batch, from, to } of this.runs) {
      if (batch.offset(to - 1) >= offset) {
        for (let i = from; i < to; i++) if (batch.offset(i) === offset) return before + i - from
        return -1
      }
      before += to - from
    }
    return -1
  }

  /** As of an array, of indices that are not negative. */
  slice(from: number, to = this.length): Records {
    const runs: Run[] = []
    let at = 0
    for (const run of this.runs) {
      const begin = Math.max(run.from, run.from + from - at)
      const end = Math.min(run.to, run.from + to - at)
      if (begin < end) runs.push({ batch: run.batch, from: begin, to: end })
      at += run.to - run.from
    }
    return new Records(runs)
  }

  filter(keep: (record: SourceRecord) => boolean): Records {
    const runs: Run[] = []
    for (const { batch, from, to } of this.runs) {
      for (let i = from; i < to; i++) {
        if (!keep(batch.at(i))) continue
        const last = runs.at(-1)
        if (last?.batch === batch && last.to === i) runs[runs.length - 1] = { ...last, to: i + 1 }
        else runs.push({ batch, from: i, to: i + 1 })
      }
    }
    return new Records(runs)
  }

  map<T>(make: (record: SourceRecord) => T): T[] {
    return this.runs.flatMap(({ batch, from, to }) =>
      Array.from({ length: to - from }, (_, i) => make(batch.at(from + i))),
    )
  }
}
