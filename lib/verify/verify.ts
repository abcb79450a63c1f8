import { TickhouseError } from '../errors.ts'
import { ObjectMissing } from '../iceberg/errors.ts'
import type { Table } from '../iceberg/table.ts'
import type { Micros } from '../market/time.ts'
import { stretchOf } from '../rollup/heldHours.ts'
import { loadInputs, type RollupInputs } from '../rollup/rollupInputs.ts'
import type { Services } from '../services.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { caughtUp, hoursLeft } from './caughtUp.ts'
import { dayOf } from './dayCandles.ts'
import { Findings } from './findings.ts'
import { VERIFY_LIMITS, verifyTables } from './verifyTables.ts'
import { verifyTopics } from './verifyTopics.ts'

/** From when to when, cut to whole days; without an end, all there is. */
export interface VerifyRequest {
  readonly fromUs?: Micros | undefined
  readonly toUs?: Micros | undefined
  /** How long to wait until nothing is stale; without it, what is stale is not compared with the ticks. */
  readonly waitMs?: number | undefined
}

/**
 * Recomputes every candle of the days from the raw ticks, by a plain fold that shares no code with the SQL, and compares it
 * with Iceberg, and Iceberg with the newest message of each candle on Kafka. It changes nothing, may run beside the
 * pipeline, and looks at both tables as of one snapshot each. Weeks and months are compared when the days hold all of them.
 * Candles of hours that are still being caught up need only agree with one another, and with Kafka. Throws `NotCaughtUp`
 * when it was to wait for them and they took longer, `SnapshotGone` when those snapshots' files were removed meanwhile.
 */
export async function verify(
  services: Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'>,
  { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, waitMs }: VerifyRequest,
  onProgress: (line: string) => void,
  limits = VERIFY_LIMITS,
): Promise<Findings> {
  const { catalog, store, topicLog, settings } = services
  const findings = new Findings()
  const days = { first: dayOf(fromUs), last: dayOf(toUs - 1) }
  const waiting = { pauseMs: limits.pauseMs, onProgress }
  const inputs =
    waitMs === undefined ? await loadInputs(services) : await caughtUp(services, days, { ...waiting, waitMs })
  findings.staleHours = hoursLeft(inputs, days)
  findings.held = stretchOf(inputs.state.held.within([{ fromUs, toUs }]))
  const verified = { store, inputs, price: settings.price, days, findings, limits, onProgress }
  const loadCandles = (): Promise<Table> => loadTable(catalog, CANDLES_TABLE)
  try {
    await verifyTables(verified)
    await verifyTopics({ ...verified, topicLog, settings, loadCandles })
  } catch (error) {
    if (error instanceof ObjectMissing && (await isGone(services, inputs))) throw new SnapshotGone(error)
    throw error
  }
  return findings
}

/** Of a snapshot that is still on its table's list, no file may be missing; of one that has left it, all may. */
async function isGone(
  { catalog }: Pick<Services, 'catalog'>,
  { candles, ticks }: RollupInputs,
): Promise<boolean> {
  const isListed = async ({ ident, metadata: { currentSnapshotId } }: Table) => {
    const { snapshots } = (await loadTable(catalog, ident)).metadata
    return snapshots.some(({ snapshotId }) => snapshotId === currentSnapshotId)
  }
  return !((await isListed(candles)) && (await isListed(ticks)))
}

/** The work took longer than files are kept of a snapshot that is no longer current. */
export class SnapshotGone extends TickhouseError {
  constructor(cause: ObjectMissing) {
    super(
      'SNAPSHOT_GONE',
      'verify took longer than RETENTION_MS, and files of the snapshots that it looks at were removed meanwhile: verify some days at a time with --from and --to, or set RETENTION_MS of maintain higher',
      { cause, retryable: true },
    )
  }
}
