import type { TableDefinition } from '../iceberg/catalog.ts'
import { commitSnapshot } from '../iceberg/commit.ts'
import { CommitConflict } from '../iceberg/errors.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Table, TableIdent } from '../iceberg/table.ts'
import { DEAD_LETTER_MAX_VALUE_BYTES } from '../ingest/deadLetters.ts'
import type { TopicDifference, TopicSpec } from '../kafka/admin.ts'
import type { TopicSetting } from '../kafka/topicSettings.ts'
import { floorTo, MINUTE_US } from '../market/time.ts'
import { candleTopics, publishedRevisions } from '../publish/publishCandles.ts'
import type { Services, Settings } from '../services.ts'
import { candlesSummary, NO_CANDLES } from '../tables/candlesState.ts'
import { CANDLES_TABLE, candlesDefinition } from '../tables/candlesTable.ts'
import { checkLayout, NAMESPACE } from '../tables/layout.ts'
import { EMPTY_VECTOR } from '../tables/offsetVector.ts'
import { NO_TICKS, TICKS_DEFINITION, TICKS_TABLE, ticksSummary } from '../tables/ticksTable.ts'
import { restoreColumns } from './restoreColumns.ts'
import { troubleText } from './topicTroubles.ts'

export type SetUpServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'settings' | 'log' | 'nowMs'
> & {
  /** Creates missing topics; gives the settings of existing ones that differ. */
  readonly ensureTopics: (specs: readonly TopicSpec[]) => Promise<TopicDifference[]>
  /** Sets these settings and no others. */
  readonly setTopicSettings: (settings: readonly TopicSetting[]) => Promise<void>
  /** Kafka's address, for commands that an operator may copy. */
  readonly brokers: string
}

export interface SetUpOptions {
  /** Corrects topic settings that lose data; otherwise they are only logged. */
  readonly repairTopics?: boolean
}

const DAY_MS = 86_400_000
const KEEP_FOR_EVER = { 'retention.ms': '-1', 'retention.bytes': '-1' }
const TICKS_MAX_BYTES = 1_048_588
/** A dead letter is the record's value, its key and headers, and ours. */
const DEAD_LETTER_MAX_BYTES = DEAD_LETTER_MAX_VALUE_BYTES + 2 * TICKS_MAX_BYTES

/** Every topic that tickhouse reads or writes. */
export function topicSpecs(settings: Settings): TopicSpec[] {
  const compacted = { 'cleanup.policy': 'compact' }
  const kept = { 'cleanup.policy': 'delete', ...KEEP_FOR_EVER }
  return [
    {
      topic: settings.ticksTopic,
      partitions: 4,
      config: { ...kept, 'max.message.bytes': String(TICKS_MAX_BYTES) },
      // The table has the ticks: the topic must keep them until ingest has been repaired.
      enough: { 'retention.ms': DAY_MS, 'max.message.bytes': TICKS_MAX_BYTES },
    },
    {
      topic: settings.deadLetterTopic,
      partitions: 1,
      config: { ...kept, 'max.message.bytes': String(DEAD_LETTER_MAX_BYTES) },
      enough: { 'max.message.bytes': DEAD_LETTER_MAX_BYTES },
    },
    { topic: settings.markTopic, partitions: 1, config: compacted },
    ...candleTopics(settings).map(topic => ({ topic, partitions: 4, config: compacted })),
  ]
}

/** Makes the topics and both tables where they are missing; running it again, or twice at once, changes nothing. */
export async function setUp(
  services: SetUpServices,
  { repairTopics = false }: SetUpOptions = {},
): Promise<void> {
  const { catalog, settings } = services
  const differences = await services.ensureTopics(topicSpecs(settings))
  await tellOrRepair(services, differences, repairTopics)
  await catalog.createNamespace(NAMESPACE)
  const ticks = await ensureTable(services, TICKS_TABLE, TICKS_DEFINITION, () =>
    ticksSummary({ vector: EMPTY_VECTOR, totals: NO_TICKS }),
  )
  const closedUntilUs = await closedFromTheStart(services)
  const revisionFloor = await publishedRevisions(services)
  await ensureTable(services, CANDLES_TABLE, candlesDefinition(settings.price), () =>
    candlesSummary({ ...NO_CANDLES, ticksUuid: ticks.metadata.tableUuid, revisionFloor, closedUntilUs }),
  )
}

/** Partitions are never added: the records of one key would then be in two partitions. */
async function tellOrRepair(
  { setTopicSettings, brokers, log }: SetUpServices,
  differences: readonly TopicDifference[],
  repairTopics: boolean,
): Promise<void> {
  const repaired = repairTopics ? differences.filter(({ setting }) => setting !== 'partitions') : []
  await setTopicSettings(repaired.map(({ topic, setting, wanted }) => ({ topic, setting, value: wanted })))
  for (const difference of differences) {
    const { topic, setting, wanted, actual } = difference
    if (repaired.includes(difference))
      log.info(`topic ${topic}: ${setting} was ${actual} and is ${wanted} now`)
    else log.warn(troubleText(difference, brokers))
  }
}

/** The first snapshot is empty and carries the state, so that there is never a table without one. */
async function ensureTable(
  services: SetUpServices,
  ident: TableIdent,
  definition: TableDefinition,
  summary: () => Record<string, string>,
): Promise<Table> {
  const { catalog, store, nowMs } = services
  const table = checkLayout(await restoreColumns(services, await catalog.createTable(ident, definition)))
  if (currentSnapshot(table) !== undefined) return table
  const staged = await stageSnapshot(store, table, { add: [], summary: summary(), nowMs: nowMs() })
  try {
    return await commitSnapshot(catalog, table, staged)
  } catch (error) {
    if (error instanceof CommitConflict) return catalog.loadTable(ident)
    throw error
  }
}

/** While the ticks topic is empty, all candles up to now are complete: what comes later is late. */
async function closedFromTheStart({ topicLog, settings, nowMs }: SetUpServices): Promise<number> {
  const ranges = [...(await topicLog.offsets(settings.ticksTopic)).values()]
  const isEmpty = ranges.every(({ high }) => high === 0)
  return isEmpty ? floorTo(nowMs() * 1000, MINUTE_US) : 0
}
