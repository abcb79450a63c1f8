import { newTrust } from '../../../lib/ingest/admit.ts'
import { OLDEST_US } from '../../../lib/market/time.ts'
import type { RollupServices } from '../../../lib/rollup/rollupCandles.ts'
import { Stages } from '../../../lib/stages.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { type Random, random } from '../../faults/random.ts'
import { MemoryQuery } from '../../support/memoryQuery.ts'
import { newWorld, SETTINGS } from '../../support/world.ts'
import { type Harm, Killed, Process, portsOfCall } from './call.ts'
import { Judge } from './judge.ts'
import { KafkaHistory } from './kafka.ts'
import type { Plan } from './plan.ts'
import { moody, type TrinoMood, WELL } from './trinoMood.ts'
import { Turns } from './turns.ts'
import { VirtualTime } from './virtualTime.ts'
import { watched } from './watched.ts'

export type SimWorld = Awaited<ReturnType<typeof newSimWorld>>

/** What a step's calls work with. */
export type CallServices = RollupServices & Pick<ReturnTypeOfServices, 'topicWriter' | 'trust'>
type ReturnTypeOfServices = Awaited<ReturnType<typeof newWorld>>['services']

/** So many commits keep hours by whole days, in a run that has such. */
const COARSE_COMMITS = 0.4

/** A tickhouse in memory with a time of its own, whose every commit of candles is judged. */
export async function newSimWorld({ startMs, isCoarse, busy }: Omit<Plan, 'seed' | 'steps'>) {
  const settings = { ...SETTINGS, limits: { ...SETTINGS.limits, earliestUs: OLDEST_US } }
  const { clock, log, catalog, services } = await newWorld({ settings, startMs })
  const { store } = services
  const time = new VirtualTime(clock)
  const turns = new Turns()
  time.onSlept = () => turns.take({})
  const kafka = new KafkaHistory(log, settings.ticksTopic, startMs)
  time.onReached = wallMs => kafka.reached(wallMs)
  const judge = new Judge({ catalog, store, kafka, graceMs: settings.graceMs })
  await judge.look(await catalog.loadTable(CANDLES_TABLE))
  const mood: { trino: TrinoMood; coarseCommits: number } = {
    trino: WELL,
    coarseCommits: isCoarse ? COARSE_COMMITS : 0,
  }
  const coarse = random(startMs % 2 ** 32)
  const query = moody(new MemoryQuery({ catalog, store, rows: judge.rows }), time, () => mood.trino)
  const ports = {
    catalog: watched(catalog, judge, () => coarse.next() < mood.coarseCommits),
    store,
    topicLog: log,
    query,
  }
  const late: (() => Promise<unknown>)[] = []
  let warm = new Process(store)

  return {
    time,
    turns,
    kafka,
    judge,
    mood,
    settings,
    busy,
    /** What other engines work with: nobody watches them. */
    catalog,
    store,
    /** Commits that are under way although their caller has given up; they arrive by and by. */
    late,
    /** Calls, and how they ended. */
    calls: { ended: 0, killed: 0, failed: 0 },
    /** What a call works with: in the warm process, or in a new one. */
    services(random: Random, harm: Harm = {}, process: 'warm' | 'cold' = 'warm'): CallServices {
      const own = process === 'warm' ? warm : new Process(store)
      return {
        ...services,
        ...portsOfCall({ ports, time, turns }, own, random, harm),
        topicWriter: services.topicWriter,
        trust: newTrust(),
        stages: new Stages(),
      }
    },
    /** The warm process ends. */
    restart(): void {
      warm = new Process(store)
    },
    /** Runs a call to its end, or to where it is killed. */
    async call<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Killed)) throw error
        this.calls.killed += 1
        this.restart()
        return undefined
      }
    },
    /** Commits that were under way arrive. */
    async settle(): Promise<void> {
      for (const arrive of late.splice(0)) await arrive().catch(() => {})
    },
  }
}
