import { commitSnapshot } from '../iceberg/commit.ts'
import { removeOldMetadata } from '../iceberg/removeOldMetadata.ts'
import { type Staged, stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import type { KafkaRecord, RecordBatch } from '../ports.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import type { Services } from '../services.ts'
import { foreignSummary, lookAtTicks } from '../tables/foreignTicks.ts'
import { loadTable } from '../tables/layout.ts'
import { advance, nextOffset, readFrom } from '../tables/offsetVector.ts'
import { ticksRetention } from '../tables/retention.ts'
import {
  addTotals,
  countDeadLetters,
  NO_TICKS,
  TICKS_TABLE,
  type TicksState,
  type TickTotals,
  ticksState,
  ticksSummary,
} from '../tables/ticksTable.ts'
import { admit, batchesFrom, remember, type Trust } from './admit.ts'
import { deadLetter } from './deadLetters.ts'
import { type DecodedBatch, decodeBatches } from './decodeBatch.ts'
import { badRecords, countPart, endsOf, type Part, takePart } from './part.ts'
import { servesAgain, type Upload, uploadPart } from './uploadPart.ts'

export type IngestServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'topicWriter' | 'settings' | 'log' | 'nowMs'
> & { readonly trust: Trust }

/** What one call did, as far as its commits were answered; `skipped`: records that the table had, also by a commit of ours whose answer was lost. */
export interface IngestResult {
  readonly ticks: number
  readonly deadLetters: number
  readonly skipped: number
  readonly commits: number
}

/** A commit that touches more days is split: every day is a partition, and so a file. */
const MAX_DAYS_PER_COMMIT = 64

/**
 * Appends the good ticks of a batch to `market_data.stock_ticks` and sends the bad ones to the dead-letter topic,
 * each Kafka record exactly once in the table whatever was delivered, lost or repeated before.
 *
 * One loop serves all: cut the batch to what the table's vector lacks, commit, look again. A commit that failed, or
 * whose answer is lost, is not asked about: the table, loaded anew, tells by its vector what is left. Nothing left is
 * success.
 */
export async function ingestTicks(
  services: IngestServices,
  batches: readonly RecordBatch[],
): Promise<IngestResult> {
  const { ticks, batches: decoded } = decodeBatches(batches, services.settings)
  let pending = decoded
  const buried = new Set<KafkaRecord>()
  let added = NO_TICKS
  let commits = 0
  let failures = 0
  const known = continued(services.trust, pending)
  services.trust.table = undefined
  // Read after the batch was delivered: this is the topic of the batch, or that topic is gone.
  const [loaded, topicId] = await Promise.all([
    known ?? loadTable(services.catalog, TICKS_TABLE),
    services.topicLog.topicId(services.settings.ticksTopic),
  ])
  let table = loaded
  let upload: Upload | undefined
  for (;;) {
    const state = ticksState(table)
    const admitted = await admit(services, { vector: state.vector, topicId }, pending)
    if (admitted.length === 0) {
      remember(services.trust, state.vector, pending, services.nowMs())
      services.trust.table = table
      return resultOf(batches, added, commits)
    }
    const part = takePart(admitted, ticks, MAX_DAYS_PER_COMMIT)
    await buryBad(services, state, part, buried)
    if (upload === undefined || !servesAgain(upload, part, table)) {
      upload = uploadPart(services.store, table, state.vector, part, ticks)
    }
    const counts = countPart(part, ticks, services.settings.graceMs)
    const [staged] = await Promise.all([
      stage(services, table, { ...state, vector: readFrom(state.vector, topicId) }, upload, counts),
      upload.stored,
    ])
    upload.snapshotIds.push(staged.snapshot.snapshotId)
    try {
      const committed = await commitSnapshot(services.catalog, table, staged)
      await removeOldMetadata(services.store, table, committed)
      table = committed
      // What our own commit took in needs no second look at Kafka.
      const { vector } = ticksState(committed)
      remember(services.trust, vector, part, services.nowMs())
      pending = batchesFrom(vector, pending)
      added = addTotals(added, counts)
      commits += 1
      failures = 0
      upload = undefined
    } catch (error) {
      failures += 1
      if (!isUnsureCommit(error) || failures === MAX_ATTEMPTS) throw error
      await retryDelay(failures)
      table = await loadTable(services.catalog, TICKS_TABLE)
    }
  }
}

/**
 * The table as our last commit left it, when each batch goes on just where that commit ended: then nothing is left out
 * on its word alone, and a commit on it fails should the table have moved on.
 */
function continued({ table }: Trust, batches: readonly DecodedBatch[]): Table | undefined {
  if (table === undefined) return undefined
  const { vector } = ticksState(table)
  const goesOn = ({ partition, records }: DecodedBatch) =>
    records[0]?.offset === nextOffset(vector, partition)
  return batches.every(goesOn) ? table : undefined
}

/** Dead letters are acknowledged before the commit that passes them, so that none is lost. */
async function buryBad(
  { topicWriter, settings: { ticksTopic, deadLetterTopic } }: IngestServices,
  { vector: { epoch } }: TicksState,
  part: Part,
  buried: Set<KafkaRecord>,
): Promise<void> {
  const bad = badRecords(part).filter(({ record }) => !buried.has(record))
  if (bad.length === 0) return
  const letters = bad.map(record => deadLetter(deadLetterTopic, { topic: ticksTopic, epoch }, record))
  await topicWriter.send(letters)
  for (const { record } of bad) buried.add(record)
}

async function stage(
  { store, settings, nowMs }: IngestServices,
  table: Table,
  { vector, totals }: TicksState,
  { part, files }: Upload,
  counts: TickTotals,
): Promise<Staged> {
  const state = { vector: advance(vector, endsOf(part, vector)), totals: addTotals(totals, counts) }
  const foreign = await lookAtTicks(store, table, nowMs())
  const summary = { ...ticksSummary(state), ...foreignSummary(foreign) }
  const change = { add: files, summary, nowMs: nowMs() }
  return stageSnapshot(store, table, change, ticksRetention(settings))
}

/** The sum of two results. */
export function addResults(a: IngestResult, b: IngestResult): IngestResult {
  return {
    ticks: a.ticks + b.ticks,
    deadLetters: a.deadLetters + b.deadLetters,
    skipped: a.skipped + b.skipped,
    commits: a.commits + b.commits,
  }
}

function resultOf(batches: readonly RecordBatch[], added: TickTotals, commits: number): IngestResult {
  const received = batches.reduce((sum, { records }) => sum + records.length, 0)
  const deadLetters = countDeadLetters(added)
  return { ticks: added.ticks, deadLetters, skipped: received - added.ticks - deadLetters, commits }
}
