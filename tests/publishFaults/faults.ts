import { setTimeout as sleep } from 'node:timers/promises'
import { readMark } from '../../lib/publish/publishCandles.ts'
import { isReached } from '../../lib/publish/sendingOrder.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { type Random, random } from '../faults/random.ts'
import { until } from '../faults/until.ts'
import { type Audit, audit } from './audit.ts'
import { CandleTable } from './candleTable.ts'
import { PublisherProcess } from './publisherProcess.ts'
import { brokersOf, type PublishWorld } from './world.ts'

/** What a campaign did, and what it found. */
export interface Campaign extends Audit {
  readonly rounds: Readonly<Record<string, number>>
  /** How the calls of all publishers ended. */
  readonly outcomes: Readonly<Record<string, number>>
}

/** One harm in the middle of the work; gives the publisher that lives on. */
type Harm = (hand: Hand) => Promise<PublisherProcess>

interface Hand {
  readonly world: PublishWorld
  readonly chance: Random
  readonly publisher: PublisherProcess
  readonly start: () => Promise<PublisherProcess>
}

const MAX_WAIT_MS = 600

const HARMS: Readonly<Record<string, { readonly weight: number; readonly harm: Harm }>> = {
  'publisher killed': { weight: 9, harm: killPublisher },
  'two publishers': { weight: 3, harm: twoPublishers },
  'publisher asleep, another at work': { weight: 3, harm: sleepingPublisher },
  'Kafka killed': { weight: 3, harm: killKafka },
}

/** Commits candles all the time, publishes them, does a harm a round, and audits the topics when all are sent. */
export async function runCampaign(
  world: PublishWorld,
  { rounds, seed, say }: { rounds: number; seed: number; say: (line: string) => void },
): Promise<Campaign> {
  const chance = random(seed)
  const started: PublisherProcess[] = []
  const start = async () => {
    const publisher = await PublisherProcess.start(world.sandbox.env)
    started.push(publisher)
    return publisher
  }
  const writer = startWriting(new CandleTable(world.services, random(seed + 1)), random(seed + 2))
  const played = new Map<string, number>()
  try {
    let publisher = await start()
    for (const [round, name] of harmsOf(rounds, chance).entries()) {
      await sleep(chance.int(0, MAX_WAIT_MS))
      publisher = await HARMS[name]!.harm({ world, chance, publisher, start })
      await isPublished(world, await stampNow(world))
      played.set(name, (played.get(name) ?? 0) + 1)
      say(`${round + 1}/${rounds} ${name}; ${writer.table.size} candles`)
    }
    await writer.stop()
    await isPublished(world, await stampNow(world))
  } finally {
    await writer.stop()
    await Promise.all(started.map(publisher => publisher.kill()))
  }
  const outcomes = new Map<string, number>()
  for (const [outcome, count] of started.flatMap(publisher => [...publisher.outcomes]))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  const found = await audit(world.services, brokersOf(world))
  return { ...found, rounds: Object.fromEntries(played), outcomes: Object.fromEntries(outcomes) }
}

async function killPublisher({ publisher, start }: Hand): Promise<PublisherProcess> {
  await publisher.kill()
  return start()
}

async function twoPublishers({ chance, publisher, start }: Hand): Promise<PublisherProcess> {
  const second = await start()
  await sleep(chance.int(0, 2 * MAX_WAIT_MS))
  const [survivor, victim] = chance.shuffled([publisher, second])
  await victim!.kill()
  return survivor!
}

/** The sleeper wakes up in the middle of whatever it was doing, when another one has done that and more. */
async function sleepingPublisher({ chance, publisher, start }: Hand): Promise<PublisherProcess> {
  publisher.pause()
  const second = await start()
  await sleep(chance.int(0, 2 * MAX_WAIT_MS))
  publisher.resume()
  await sleep(chance.int(0, MAX_WAIT_MS))
  await second.kill()
  return publisher
}

async function killKafka({ world, chance, publisher }: Hand): Promise<PublisherProcess> {
  const { kafka } = world.sandbox.servers
  await kafka.kill()
  await sleep(chance.int(0, MAX_WAIT_MS))
  await kafka.start()
  return publisher
}

/** Each harm once, in an order of chance, then by their weights. */
function harmsOf(rounds: number, chance: Random): string[] {
  const once = chance.shuffled(Object.keys(HARMS))
  const weighted = Object.entries(HARMS).flatMap(([name, { weight }]) => Array<string>(weight).fill(name))
  return Array.from({ length: rounds }, (_, round) => once[round] ?? chance.pick(weighted))
}

/** A rollup's commits, one after the other: mostly a minute's worth, now and then more than a transaction holds. */
function startWriting(table: CandleTable, chance: Random) {
  let isOn = true
  let failure: unknown
  const writing = (async () => {
    while (isOn) {
      const isLarge = chance.next() < 0.03
      await table.commit(isLarge ? 12_000 : chance.int(0, 60), chance.int(0, 300))
      if (chance.next() < 0.1) await table.compact()
      await sleep(chance.int(20, 200))
    }
  })().catch(error => {
    failure = error
  })
  return {
    table,
    async stop() {
      isOn = false
      await writing
      if (failure) throw failure
    },
  }
}

/** The stamp of the newest commit. */
export async function stampNow({ services }: PublishWorld): Promise<number> {
  return candlesState(await services.catalog.loadTable(CANDLES_TABLE)).stampUs
}

/** Waits until everything up to a stamp is on its topic. */
export async function isPublished(
  { services }: PublishWorld,
  stampUs: number,
  withinMs = 120_000,
): Promise<void> {
  const isThere = async () => {
    const mark = await readMark(services)
    return mark && isReached(mark, stampUs)
  }
  await until('what was committed is published', isThere, withinMs)
}
