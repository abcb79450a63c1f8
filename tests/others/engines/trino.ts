import { TrinoQuery } from '../../../lib/trino/client.ts'
import { EngineFailed } from './engineProcess.ts'

/** How long one statement may take on a busy machine. */
const TIMEOUT_MS = 180_000

/** Trino in the hands of somebody else: a user of its own, who may expire what is a moment old. */
export class Trino {
  readonly #query: TrinoQuery

  constructor(url: string) {
    const session = {
      'lake.expire_snapshots_min_retention': '0s',
      'lake.remove_orphan_files_min_retention': '0s',
    }
    this.#query = new TrinoQuery({ url, user: 'others', timeoutMs: TIMEOUT_MS, session })
  }

  /** Runs a statement; gives its rows. Throws `EngineFailed`. */
  async sql<Row>(statement: string): Promise<Row[]> {
    try {
      return await this.#query.rows<Row>(statement)
    } catch (error) {
      throw new EngineFailed(`Trino: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
}
