import { upperBound } from '../iceberg/dataFile.ts'
import { asOf } from '../iceberg/lineage.ts'
import { ancestors } from '../iceberg/metadata.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import type { Micros } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { type CandlesState, candlesState } from '../tables/candlesState.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'
import { carriesState } from '../tables/layout.ts'

/** What versions that the table was rolled back from have given out, which may be published. */
export interface GivenOut {
  /** The highest revision. */
  readonly revision: number
  /** The newest stamp. */
  readonly stampUs: Micros
}

/**
 * The highest revision and the newest stamp that were ever given out, by the state or by versions which the table was
 * rolled back from. Such a version has a newer stamp than the state, until the next commit of candles has a newer one still.
 */
export async function givenOut(
  store: ObjectStore,
  candles: Table,
  { revisionFloor, stampUs }: CandlesState,
): Promise<GivenOut> {
  const history = new Set(ancestors(candles))
  const abandoned = candles.metadata.snapshots
    .filter(snapshot => !history.has(snapshot) && carriesState(snapshot.summary))
    .map(snapshot => asOf(candles, snapshot))
    .map(table => ({ table, stampUs: candlesState(table).stampUs }))
    .filter(version => version.stampUs > stampUs)
  let revision = revisionFloor
  for (const { table } of abandoned) {
    for await (const files of scanFiles(store, table)) {
      for (const file of files) {
        revision = Math.max(revision, Number(upperBound(file, CANDLE_FIELDS.revision) ?? 0))
      }
    }
  }
  return { revision, stampUs: Math.max(stampUs, ...abandoned.map(version => version.stampUs)) }
}
