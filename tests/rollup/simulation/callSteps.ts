import { StoreUnavailable } from '../../../lib/iceberg/errors.ts'
import { beginEpoch } from '../../../lib/ingest/beginEpoch.ts'
import { ingestTicks } from '../../../lib/ingest/ingestTicks.ts'
import { KafkaUnavailable } from '../../../lib/kafka/errors.ts'
import { type Budget, minuteBudget, UNBOUNDED } from '../../../lib/rollup/budget.ts'
import { type RollupResult, rollupCandles } from '../../../lib/rollup/rollupCandles.ts'
import { TicksGone } from '../../../lib/rollup/rollupInputs.ts'
import { candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { distance } from '../../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../../lib/tables/ticksTable.ts'
import type { Random } from '../../faults/random.ts'
import {
  answerLost,
  type CommitFault,
  conflict,
  neverArrived,
  successTold409,
} from '../../support/faultyCatalog.ts'
import type { Harm } from './call.ts'
import { PARTITIONS } from './kafka.ts'
import { chance, type Step } from './step.ts'
import { WELL } from './trinoMood.ts'
import type { SimWorld } from './world.ts'
import { must } from './wrong.ts'

/** Takes in all that Kafka has. */
export async function ingestAll(world: SimWorld, random: Random): Promise<void> {
  await ingestSome(world, random, Number.POSITIVE_INFINITY, 1)
}

/** Takes in at most so many records of each partition, of some partitions. */
export async function ingestSome(
  world: SimWorld,
  random: Random,
  most: number,
  probability: number,
): Promise<number> {
  const deliveries = []
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const delivery = chance(random, probability) ? await world.kafka.next(partition, most) : undefined
    if (delivery) deliveries.push(delivery)
  }
  if (deliveries.length === 0) return 0
  const { ticks } = await ingestTicks(
    world.services(random, {}, 'cold'),
    deliveries.map(({ batch }) => batch),
  )
  for (const { done } of deliveries) done()
  return ticks
}

export const ingest: Step = async (world, random) => {
  await ingestAll(world, random)
  return 'ingest takes in all'
}

/** Ingest lags behind. */
export const ingestPart: Step = async (world, random) =>
  `ingest takes in ${await ingestSome(world, random, random.int(1, 20), 0.5)} ticks`

/** How much a call may do of the backlog. */
export function budgetOf({ time, busy }: SimWorld, random: Random): { name: string; budget: Budget } {
  if (chance(random, busy)) return { name: 'live alone', budget: { ...UNBOUNDED, mayBegin: () => false } }
  if (chance(random, 0.5)) return { name: 'all', budget: UNBOUNDED }
  if (chance(random, 0.5)) {
    const rounds = random.int(1, 3)
    let begun = 0
    return { name: `${rounds} rounds`, budget: { ...UNBOUNDED, mayBegin: () => begun++ < rounds } }
  }
  const endMs = performance.now() + random.pick([30_000, 300_000])
  const budget = minuteBudget(
    () => time.wallMs,
    () => endMs - performance.now(),
  )
  return { name: 'its minute', budget }
}

const COMMIT_FAULTS: readonly CommitFault[] = [answerLost, neverArrived, successTold409, conflict]

/** What goes wrong in a call, mostly nothing. */
export function harmOf({ late }: SimWorld, random: Random, probability: number): Harm {
  if (!chance(random, probability)) return {}
  if (chance(random, 0.5)) {
    const killedAt = random.int(1, random.pick([20, 80, 250]))
    return { killedAt, commitArrives: chance(random, 0.5) }
  }
  if (chance(random, 0.2)) return { lacksKafka: true }
  if (chance(random, 0.3)) return { failsAt: random.int(1, random.pick([20, 80, 250])) }
  const arrivesLater: CommitFault = async commit => {
    late.push(commit)
    return neverArrived(commit)
  }
  const commits = Array.from({ length: random.int(1, 3) }, () =>
    chance(random, 0.3)
      ? (commit: () => Promise<unknown>) => commit()
      : random.pick([...COMMIT_FAULTS, arrivesLater]),
  )
  return { commits }
}

interface Around {
  readonly harm?: Harm
  /** False when other calls are under way. */
  readonly isAlone?: boolean
  /** True when the ticks were rolled back behind the candles. */
  readonly mayLackTicks?: boolean
}

/** One call of rollup; it must not fail unless something is wrong around it. */
export async function rollUp(
  world: SimWorld,
  random: Random,
  { harm = {}, isAlone = true, mayLackTicks = false }: Around = {},
): Promise<string> {
  const { name, budget } = budgetOf(world, random)
  const process = isAlone && chance(random, 0.7) ? 'warm' : 'cold'
  const services = world.services(random, harm, process)
  const isTroubled = !isAlone || world.mood.trino !== WELL
  world.calls.ended += 1
  try {
    const result = await world.call(() => rollupCandles(services, budget))
    if (result === undefined) return 'rollup is killed'
    if (!isTroubled && budget === UNBOUNDED) await checkDone(world)
    return `rollup (${name}) ${told(result)}`
  } catch (error) {
    const isOfHarm =
      (harm.failsAt !== undefined && error instanceof StoreUnavailable) ||
      // It asks how high revisions have gone, where others have expired what they changed.
      (harm.lacksKafka === true && error instanceof KafkaUnavailable)
    const isOfTrouble = isTroubled && isExpected(error)
    if (!isOfHarm && !isOfTrouble && !(mayLackTicks && error instanceof TicksGone)) throw error
    world.calls.failed += 1
    return `rollup (${name}) fails: ${String(error).slice(0, 100)}`
  } finally {
    if (isAlone) await world.settle()
  }
}

const EXPECTED = new Set([
  ...['COMMIT_CONFLICT', 'COMMIT_UNKNOWN', 'QUERY_TIMED_OUT', 'QUERY_FAILED', 'TRINO_UNAVAILABLE'],
  'TOO_MANY_MINUTES',
])

function isExpected(error: unknown): boolean {
  return error instanceof Error && 'code' in error && EXPECTED.has(String(error.code))
}

function told({ rounds, changed, behind, hoursDone, hoursStale }: RollupResult): string {
  return `commits ${rounds}, changes ${changed} rows, does ${hoursDone} hours, leaves ${hoursStale} and ${behind} offsets`
}

/** After a call that had all the time there is, hours may be stale that rest, and no others. */
async function checkDone({ catalog }: SimWorld): Promise<void> {
  const { hours, vector } = candlesState(await catalog.loadTable(CANDLES_TABLE))
  const left = hours.owed.union(hours.damaged).union(hours.sweep)
  must(left.isEmpty, 'a call does all that is to be done', () => `${left.size} hours are left`)
  const ticks = ticksState(await catalog.loadTable(TICKS_TABLE))
  const behind = distance(vector, ticks.vector)
  must(behind < 1_000, 'a call takes in all ticks', () => `${behind} offsets are left`)
}

export const rollup: Step = rollUp

function toldHarm({ killedAt, failsAt, lacksKafka, commits }: Harm): string {
  if (killedAt !== undefined) return `killed at its use ${killedAt} of a port`
  if (failsAt !== undefined) return `something fails at its use ${failsAt} of a port`
  return lacksKafka ? 'without Kafka' : `commits: ${commits?.map(({ name }) => name)}`
}

/** A call in which something goes wrong. */
export const harmedRollup: Step = async (world, random) => {
  const harm = harmOf(world, random, 1)
  return `${toldHarm(harm)}: ${await rollUp(world, random, { harm })}`
}

/** The topic is deleted and made anew. */
export const newEpoch: Step = async (world, random) => {
  await ingestSome(world, random, 5, 0.7)
  const { vector } = ticksState(await world.catalog.loadTable(TICKS_TABLE))
  if (!vector.positions.some(({ epoch, next }) => epoch === vector.epoch && next > 0))
    return 'the topic stays'
  world.kafka.recreate()
  const between = chance(random, 0.5) ? await rollUp(world, random) : 'nothing else happens'
  await beginEpoch(world.services(random, {}, 'cold'), async () => {})
  return `the topic is made anew; ${between}; an epoch begins`
}
