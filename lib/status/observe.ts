import { currentManifests } from '../iceberg/manifest/readManifests.ts'
import type { Table, TableIdent } from '../iceberg/table.ts'
import type { OffsetRange } from '../ports.ts'
import { readMark } from '../publish/publishCandles.ts'
import type { Mark } from '../publish/sendingOrder.ts'
import type { Services } from '../services.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { within } from '../within.ts'
import { unread, type Waiting, waiting } from './unread.ts'

export type ObserveServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>

/** A table, and how many manifests its current snapshot has. */
export interface ObservedTable {
  readonly table: Table
  readonly manifests: number
}

/** What Kafka says of ticks that ingest has yet to take, and of candles that were sent. */
export interface ObservedKafka {
  /** Of every partition of the ticks topic. */
  readonly ranges: ReadonlyMap<number, OffsetRange>
  readonly mark: Mark | undefined
}

/** What can be seen of the pipeline from outside; an `Error` where a server did not answer. */
export interface Observed {
  readonly nowMs: number
  readonly ticks: ObservedTable | Error
  readonly candles: ObservedTable | Error
  readonly kafka: ObservedKafka | Error
  /** Stretches that ingest has yet to take in, by partition; undefined when Kafka could not be asked. */
  readonly waiting: readonly Waiting[] | undefined
}

/** Longer than this no server is waited for. */
const PATIENCE_MS = 1_000

/** Looks at Kafka's offsets and the tables' metadata, all at once; touches no data file, and not Trino. Never throws. */
export async function observe(services: ObserveServices): Promise<Observed> {
  const attempt = <Result>(work: Promise<Result>) => within(PATIENCE_MS, work).catch(asError)
  const [ticks, candles, kafka] = await Promise.all([
    attempt(observeTable(services, TICKS_TABLE)),
    attempt(observeTable(services, CANDLES_TABLE)),
    attempt(observeKafka(services)),
  ])
  const waiting = await attempt(findWaiting(services, ticks, kafka))
  const known = waiting instanceof Error ? undefined : waiting
  return { nowMs: services.nowMs(), ticks, candles, kafka, waiting: known }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

async function observeTable({ catalog, store }: ObserveServices, ident: TableIdent): Promise<ObservedTable> {
  const table = await loadTable(catalog, ident)
  return { table, manifests: (await currentManifests(store, table)).length }
}

async function observeKafka({ topicLog, settings }: ObserveServices): Promise<ObservedKafka> {
  const [ranges, mark] = await Promise.all([
    topicLog.offsets(settings.ticksTopic),
    readMark({ topicLog, settings }),
  ])
  return { ranges, mark }
}

async function findWaiting(
  { topicLog, settings: { ticksTopic } }: ObserveServices,
  ticks: ObservedTable | Error,
  kafka: ObservedKafka | Error,
): Promise<readonly Waiting[] | undefined> {
  if (ticks instanceof Error || kafka instanceof Error) return undefined
  const { vector } = ticksState(ticks.table)
  return waiting(topicLog, ticksTopic, unread(kafka.ranges, vector))
}
