import { setTimeout as sleep } from 'node:timers/promises'
import type { Query, QueryOptions } from '../ports.ts'
import { isWithoutNodes } from './errors.ts'

/** How to reach Trino; with a password, the URL should be https. */
export interface TrinoSettings {
  readonly url: string
  readonly user: string
  readonly password?: string
  /** How long one statement may take in all. */
  readonly timeoutMs?: number
  /** Session properties of every statement. */
  readonly session?: Readonly<Record<string, string>>
}

/** A Trino that has just started knows only by and by which nodes have a catalog, its own among them. */
const NODES_WITHIN_MS = 15_000
const PAUSE_MS = 250

/**
 * Runs statements on Trino, in time zone UTC. A statement that takes longer than `timeoutMs` (60 s unless set) is
 * cancelled there. Throws `QueryFailed`, `QueryTimedOut`, `TrinoUnavailable` or `TrinoRefused`.
 */
export class TrinoQuery implements Query {
  readonly #settings: Required<TrinoSettings>

  constructor({ url, user, password = '', timeoutMs = 60_000, session = {} }: TrinoSettings) {
    this.#settings = { url, user, password, timeoutMs, session }
  }

  /** Rows as objects by column name. BIGINTs are JSON numbers: cast to varchar what may pass 2^53. */
  async rows<Row>(sql: string, { timeoutMs = this.#settings.timeoutMs }: QueryOptions = {}): Promise<Row[]> {
    // What asks Trino nothing, as ingest, does not hold its client in memory.
    const { Statement } = await import('./statement.ts')
    const startedMs = Date.now()
    const settings = { ...this.#settings, timeoutMs: Math.min(timeoutMs, this.#settings.timeoutMs) }
    const deadlineMs = startedMs + settings.timeoutMs
    const patientUntilMs = Math.min(deadlineMs, startedMs + NODES_WITHIN_MS)
    for (;;) {
      try {
        return await new Statement(settings, deadlineMs).rows<Row>(sql)
      } catch (error) {
        if (!isWithoutNodes(error) || Date.now() + PAUSE_MS > patientUntilMs) throw error
      }
      await sleep(PAUSE_MS)
    }
  }
}
