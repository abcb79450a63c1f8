import { setTimeout as sleep } from 'node:timers/promises'
import type { Mapping } from '../config/definition.ts'
import { passesFilters } from '../config/filter.ts'
import type { Log } from '../host.ts'
import { envelopeBytes, frameBytes, listBytes } from '../records/event.ts'
import type { RecordBatch } from '../records/records.ts'
import { type FailedOffsets, readAnswer } from './answer.ts'
import { Batcher, type Slice } from './batcher.ts'
import {
  afterAnswer,
  afterFailure,
  backoffMs,
  countRecords,
  partByAge,
  type Verdict,
  type Work,
} from './retry.ts'
import { Slots } from './slots.ts'

/** Lambda's limit of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6 * 1024 * 1024

/** What a dispatcher needs of the world. */
export interface DispatcherPorts {
  /** Runs the function on these records; resolves to its answer. */
  invoke(slices: readonly Slice[]): Promise<unknown>
  /** The offset from which the partition goes on; must not throw. */
  commit(partition: number, nextOffset: number): void
  /** Disposes of records that are given up; while it throws, it is called again. */
  giveUp(work: Work, reason: string): Promise<void>
  /** Records have left the buffer, or a partition may be part of another batch. */
  drained(): void
}

/** How many batches may run at once, and how long a failed one waits. */
export interface DispatcherOptions {
  concurrency: number
  retryMinDelayMs: number
  retryMaxDelayMs: number
}

/** Marks one stretch of owning a partition: a slice taken in an earlier stretch is not ours to commit. */
type Ownership = object

interface OwnedSlice extends Slice {
  owner: Ownership
}

/**
 * Takes records of the partitions that are ours, and sees each batch of them through: invocation, retries, commit.
 * A partition has one batch at a time, whose records stay in order; batches of other partitions run beside it.
 * A batch that waits for its next attempt takes no place among the `concurrency` invocations.
 */
export class Dispatcher {
  readonly #mapping: Mapping
  readonly #options: DispatcherOptions
  readonly #ports: DispatcherPorts
  readonly #log: Log
  readonly #batcher: Batcher
  readonly #owned = new Map<number, Ownership>()
  readonly #busy = new Set<number>()
  /** Where a busy partition with nothing queued goes on: all that came after its batch was filtered out. */
  readonly #skippedTo = new Map<number, number>()
  readonly #inFlight = new Set<Promise<void>>()
  readonly #slots: Slots
  readonly #isFree = (partition: number) => !this.#busy.has(partition)
  #wake = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #halted = false

  constructor(mapping: Mapping, options: DispatcherOptions, ports: DispatcherPorts, log: Log) {
    this.#mapping = mapping
    this.#options = options
    this.#ports = ports
    this.#log = log
    this.#slots = new Slots(options.concurrency, () => this.#pump())
    this.#batcher = new Batcher({
      batchSize: mapping.batchSize,
      windowMs: mapping.windowMs,
      payloadBytes: PAYLOAD_BYTES,
      envelopeBytes: envelopeBytes(mapping.bootstrapServers),
      listBytes: partition => listBytes(mapping.topic, partition),
      frameBytes: partition => frameBytes(mapping.topic, partition),
    })
  }

  /** Begins to own a partition anew: whatever was queued for it is forgotten. */
  assign(partition: number): void {
    this.revoke(partition)
    this.#owned.set(partition, {})
  }

  /** Ends owning a partition: its queue is dropped, its batch in flight will not be committed nor tried again. */
  revoke(partition: number): void {
    if (!this.#owned.delete(partition)) return
    this.#batcher.drop(partition)
    this.#skippedTo.delete(partition)
    this.#wakeSleepers()
  }

  /** Queues records that were read up to `nextOffset`; those that no filter lets through are done with at once. */
  accept(partition: number, batches: readonly RecordBatch[], nextOffset: number): void {
    if (!this.#owned.has(partition)) return
    const kept = this.#filtered(batches)
    if (kept.length === 0 && this.#batcher.isEmpty(partition)) {
      if (this.#busy.has(partition)) this.#skippedTo.set(partition, nextOffset)
      else this.#ports.commit(partition, nextOffset)
      return
    }
    this.#skippedTo.delete(partition)
    this.#batcher.add(partition, kept, nextOffset, Date.now())
    this.#pump()
  }

  /** Bytes of the event's JSON that are queued for a partition. */
  bufferedBytes(partition: number): number {
    return this.#batcher.bufferedBytes(partition)
  }

  /** Of all partitions. */
  totalBytes(): number {
    return this.#batcher.totalBytes()
  }

  /** Whether the next batch lacks no record of this partition: it is full, or the partition has to wait for its last one. */
  isServed(partition: number): boolean {
    return !this.#isFree(partition) || this.#batcher.dueAtMs(this.#isFree) === Number.NEGATIVE_INFINITY
  }

  /** Starts no invocation any more and waits for those in flight; batches that wait for a retry are left uncommitted. */
  async halt(): Promise<void> {
    this.#halted = true
    clearTimeout(this.#timer)
    this.#wakeSleepers()
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight)
  }

  /** Runs `change` while no invocation runs; what waits for a retry goes on waiting. */
  async between(change: () => Promise<void>): Promise<void> {
    await this.#slots.withAll(change)
  }

  #filtered(batches: readonly RecordBatch[]): readonly RecordBatch[] {
    const { filters } = this.#mapping
    if (filters.length === 0) return batches
    return batches
      .map(batch => batch.filter(({ value }) => passesFilters(filters, value)))
      .filter(({ length }) => length > 0)
  }

  #pump(): void {
    clearTimeout(this.#timer)
    while (!this.#halted && this.#slots.isFree) {
      const dueAtMs = this.#batcher.dueAtMs(this.#isFree)
      if (dueAtMs === undefined) return
      const inMs = dueAtMs - Date.now()
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), inMs)
        return
      }
      this.#start(this.#batcher.take(this.#isFree))
    }
  }

  #start(slices: readonly Slice[]): void {
    const owned = slices.map(slice => ({ ...slice, owner: this.#owned.get(slice.partition)! }))
    for (const { partition } of owned) this.#busy.add(partition)
    void this.#slots.take()
    const running = this.#seeThrough({ slices: owned, attempts: 0 }).finally(() => {
      for (const { partition } of owned) this.#leave(partition)
      this.#ports.drained()
      this.#inFlight.delete(running)
      this.#slots.release()
    })
    this.#inFlight.add(running)
    this.#ports.drained()
  }

  #leave(partition: number): void {
    this.#busy.delete(partition)
    const skippedTo = this.#skippedTo.get(partition)
    if (skippedTo === undefined || this.#halted) return
    this.#skippedTo.delete(partition)
    this.#ports.commit(partition, skippedTo)
  }

  /** Holds a slot when it begins and when it ends. */
  async #seeThrough(batch: Work): Promise<void> {
    const queue = [batch]
    let failures = 0
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const work = await this.#withoutOld(this.#stillOurs(next))
      if (work === undefined) continue
      const { verdict, failure } = await this.#attempt(work)
      for (const [partition, nextOffset] of verdict.done) this.#commit(work, partition, nextOffset)
      if (verdict.given !== undefined)
        await this.#giveUp(verdict.given, failure ?? 'records were reported as failed')
      queue.unshift(...verdict.again)
      failures = verdict.again.length === 0 ? 0 : failures + 1
      if (verdict.again.length === 0) continue
      const delayMs = this.#delayMs(failures)
      this.#log.warning(
        `${this.#describe(work)} failed, again in ${delayMs} ms: ${failure ?? 'records were reported'}`,
      )
      await this.#pause(delayMs)
      if (this.#halted) return
    }
  }

  async #attempt(work: Work): Promise<{ verdict: Verdict; failure: string | undefined }> {
    const { maximumRetries, bisect } = this.#mapping
    const policy = { maximumRetries, bisect }
    let failed: FailedOffsets
    try {
      failed = readAnswer(await this.#ports.invoke(work.slices), work.slices, this.#mapping)
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      return { verdict: afterFailure(work, policy), failure }
    }
    return { verdict: afterAnswer(work, failed, policy), failure: undefined }
  }

  #stillOurs(work: Work): Work | undefined {
    const slices = (work.slices as readonly OwnedSlice[]).filter(
      ({ partition, owner }) => this.#owned.get(partition) === owner,
    )
    return slices.length === 0 ? undefined : { ...work, slices }
  }

  async #withoutOld(work: Work | undefined): Promise<Work | undefined> {
    const { maximumRecordAgeMs } = this.#mapping
    if (work === undefined || maximumRecordAgeMs === Number.POSITIVE_INFINITY) return work
    const { young, old } = partByAge(work, Date.now() - maximumRecordAgeMs)
    if (old !== undefined) await this.#giveUp(old, 'older than maximumRecordAgeInSeconds', young)
    return young
  }

  /** Gives records up and commits past them, save in partitions of which `remaining` still holds some. */
  async #giveUp(work: Work, reason: string, remaining?: Work): Promise<void> {
    this.#log.warning(`${this.#describe(work)} given up: ${reason}`)
    for (let failures = 1; !this.#halted; failures++) {
      try {
        await this.#ports.giveUp(work, reason)
        break
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        this.#log.warning(
          `the on-failure destination ${this.#mapping.onFailureDestination} did not take them: ${message}`,
        )
        await this.#pause(this.#delayMs(failures))
      }
    }
    if (this.#halted) return
    const kept = new Set(remaining?.slices.map(({ partition }) => partition))
    for (const { partition, nextOffset } of work.slices) {
      if (!kept.has(partition)) this.#commit(work, partition, nextOffset)
    }
  }

  #commit(work: Work, partition: number, nextOffset: number): void {
    const slice = (work.slices as readonly OwnedSlice[]).find(one => one.partition === partition)
    if (slice !== undefined && this.#owned.get(partition) === slice.owner)
      this.#ports.commit(partition, nextOffset)
  }

  /** Waits without holding a slot; a stop or a change of owned partitions ends the wait early. */
  async #pause(delayMs: number): Promise<void> {
    this.#slots.release()
    const { signal } = this.#wake
    if (!this.#halted) await sleep(delayMs, undefined, { signal }).catch(() => undefined)
    await this.#slots.take()
  }

  #wakeSleepers(): void {
    this.#wake.abort()
    this.#wake = new AbortController()
  }

  #delayMs(failures: number): number {
    const { retryMinDelayMs: minMs, retryMaxDelayMs: maxMs } = this.#options
    return backoffMs(failures, { minMs, maxMs })
  }

  #describe({ slices }: Work): string {
    const { topic, functionKey } = this.#mapping
    const ranges = slices.map(
      ({ partition, records }) => `${topic}-${partition}@${records.at(0)?.offset}–${records.at(-1)?.offset}`,
    )
    return `${functionKey}: batch of ${countRecords(slices)} records (${ranges.join(', ')})`
  }
}
