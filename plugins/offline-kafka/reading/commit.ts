import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../host.ts'

const RETRY_DELAY_MS = 500

/**
 * Commits offsets one request at a time, always the newest of each partition; what fails is tried again until it
 * succeeds or its partition is forgotten. A batch need not wait for its commit: a death in between only means that
 * the records come again.
 */
export class Committer {
  readonly #send: (offsets: ReadonlyMap<number, number>) => Promise<void>
  readonly #log: Log
  readonly #pending = new Map<number, number>()
  #running: Promise<void> | undefined

  constructor(send: (offsets: ReadonlyMap<number, number>) => Promise<void>, log: Log) {
    this.#send = send
    this.#log = log
  }

  /** Asks for `nextOffset`, the offset to go on from, to be committed soon. */
  mark(partition: number, nextOffset: number): void {
    this.#pending.set(partition, nextOffset)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Takes back what was not committed yet of a partition that is not ours any more. */
  forget(partition: number): void {
    this.#pending.delete(partition)
  }

  /** Waits until all is committed, at most `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    const giveUp = new AbortController()
    const timeout = sleep(timeoutMs, undefined, { signal: giveUp.signal }).catch(() => undefined)
    await Promise.race([this.#running, timeout])
    giveUp.abort()
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0) {
      const offsets = new Map(this.#pending)
      try {
        await this.#send(offsets)
        for (const [partition, offset] of offsets) {
          if (this.#pending.get(partition) === offset) this.#pending.delete(partition)
        }
      } catch (error) {
        this.#log.debug(`commit failed, trying again: ${error instanceof Error ? error.message : error}`)
        await sleep(RETRY_DELAY_MS)
      }
    }
  }
}
