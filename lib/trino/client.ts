import type { Query } from '../ports.ts'

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
  async rows<Row>(sql: string): Promise<Row[]> {
    // What asks Trino nothing, as ingest, does not hold its client in memory.
    const { Statement } = await import('./statement.ts')
    return new Statement(this.#settings).rows<Row>(sql)
  }
}
