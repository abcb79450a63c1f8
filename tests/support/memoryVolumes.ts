import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { ObjectStore, Query, QueryOptions } from '../../lib/ports.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { QueryFailed, TrinoUnavailable } from '../../lib/trino/errors.ts'

const DAY_S = 86_400

/** Trino as far as `daily_volumes.sql` asks for it: any other statement is refused, as is a snapshot that is not listed. */
export class MemoryVolumes implements Query {
  readonly statements: string[] = []
  readonly timeoutsMs: (number | undefined)[] = []
  isAway = false
  readonly #services: { readonly catalog: Catalog; readonly store: ObjectStore }

  constructor(services: { readonly catalog: Catalog; readonly store: ObjectStore }) {
    this.#services = services
  }

  async rows<Row>(sql: string, { timeoutMs }: QueryOptions = {}): Promise<Row[]> {
    if (this.isAway) throw new TrinoUnavailable('http://127.0.0.1:1', 'it is away')
    this.statements.push(sql)
    this.timeoutsMs.push(timeoutMs)
    const snapshotId = /FOR VERSION AS OF (\d+)\nWHERE timeframe = 'm1' AND /.exec(sql)?.[1]
    if (snapshotId === undefined || !sql.includes('sum(volume) AS volume')) throw refused('SYNTAX_ERROR')
    const within = [
      ...sql.matchAll(/\(date_time >= from_unixtime\((-?\d+)\) AND date_time < from_unixtime\((-?\d+)\)\)/g),
    ].map(([, from, to]) => [Number(from), Number(to)] as const)
    const volumes = new Map<number, number>()
    for (const { timeframe, dateTimeUs, volume } of await this.#candles(BigInt(snapshotId))) {
      const seconds = dateTimeUs / 1_000_000
      if (timeframe !== 'm1' || !within.some(([from, to]) => seconds >= from && seconds < to)) continue
      const day = Math.floor(seconds / DAY_S) * DAY_S
      volumes.set(day, (volumes.get(day) ?? 0) + volume)
    }
    return [...volumes].map(([start_seconds, volume]) => ({ start_seconds, volume }) as Row)
  }

  async #candles(snapshotId: bigint) {
    const { catalog, store } = this.#services
    const table = await catalog.loadTable(CANDLES_TABLE)
    if (!table.metadata.snapshots.some(snapshot => snapshot.snapshotId === snapshotId))
      throw refused('INVALID_ARGUMENTS')
    const asItWas = { ...table, metadata: { ...table.metadata, currentSnapshotId: snapshotId } }
    const files = await planFiles(store, asItWas)
    return (await Promise.all(files.map(file => readCandles(store, file)))).flat()
  }
}

function refused(errorName: string): QueryFailed {
  return new QueryFailed('memory', { message: 'refused', errorName, errorType: 'USER_ERROR' })
}
