import type { Harm } from './harms/harm.ts'
import type { Finding } from './oracle/judge.ts'
import { type Random, random } from './random.ts'
import { reportTable } from './report.ts'
import { playRound, type Round } from './round.ts'
import { openWorld, type World } from './world/world.ts'

/** So many rounds of these harms; the seed decides their order, their moments and all that is sent. */
export interface Campaign {
  readonly harms: readonly Harm[]
  readonly rounds: number
  readonly seed: number
}

/** Of many faults the first few tell enough. */
const MOST_SAID = 10

/**
 * Plays the rounds in a world of their own and prints the table. Gives true when nothing was lost, doubled or wrong;
 * a round that fails is the last one. `signal` ends it at once.
 */
export async function play(campaign: Campaign, signal: AbortSignal): Promise<boolean> {
  const chance = random(campaign.seed)
  const rounds: Round[] = []
  const world = await openWorld(chance, line => console.error(line), signal)
  try {
    for (const harm of orderOf(campaign, chance)) {
      const round = await orStopped(signal, playRound(world, harm))
      rounds.push(round)
      const { recoveryS, findings } = round
      say(
        `${rounds.length}/${campaign.rounds} ${harm.name}: caught up after ${recoveryS.toFixed(1)} s`,
        findings,
      )
    }
    return (await isWholeTableRight(world)) && rounds.every(({ findings }) => findings.length === 0)
  } catch (error) {
    if (!signal.aborted) sayFailure(world, rounds.length + 1, error)
    return false
  } finally {
    await world.close()
    console.log(reportTable(rounds))
  }
}

/** Every harm once, in an order of chance, before any comes again. */
function* orderOf({ harms, rounds }: Campaign, chance: Random): Generator<Harm> {
  for (let left = rounds; left > 0; left -= harms.length) yield* chance.shuffled(harms).slice(0, left)
}

async function isWholeTableRight({ oracle }: World): Promise<boolean> {
  const findings = await oracle.lookAtAll()
  say(`the whole table against ${oracle.log.records.length} records`, findings)
  return findings.length === 0
}

function say(what: string, findings: readonly Finding[]): void {
  console.error(`${what}${findings.length === 0 ? '' : `: ${findings.length} FAULTS`}`)
  for (const { kind, id, detail = '' } of findings.slice(0, MOST_SAID)) {
    console.error(`  ${kind}: ${id} ${detail}`)
  }
}

function sayFailure({ host }: World, round: number, error: unknown): void {
  console.error(`round ${round} FAILED: ${error instanceof Error ? error.stack : error}`)
  console.error(`The function host's last words:\n${host.lastWords()}`)
}

function orStopped<T>(signal: AbortSignal, round: Promise<T>): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new Error('stopped'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([round, stopped])
}
