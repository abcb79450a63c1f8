import type { Lake } from '../../sandbox/settings.ts'
import { type Random, random } from '../faults/random.ts'
import { EngineFailed } from './engines/engineProcess.ts'
import type { TestTick } from './ledger.ts'
import { STEPS } from './steps/index.ts'
import { type Act, type Reach, record, type Step, TABLES, type TableName } from './steps/step.ts'
import { dayOf, isoOf, monthOf, type Where } from './where.ts'
import { openWorld, type World } from './world.ts'

export interface RandomRun {
  readonly steps: number
  readonly seed: number
  readonly lake: Lake
  readonly say: (line: string) => void
}

const JUDGE_EVERY = 5
const MOST_SAID = 10

const MINUTE_MS = 60_000
const DAYS = ['2026-01-30', '2026-01-31', '2026-02-01', '2026-02-02', '2026-02-03', '2026-02-09']
/** Nobody deletes it: so no day is among the oldest of all. */
const ANCHOR = { source: 'ANCHOR', symbol: 'OLDEST', dateTime: '2025-12-01T00:00:00', mid: 1, number: 1 }
const SOURCES = ['S1', 'S2']
const SYMBOLS = ['A', 'B', 'C']
const TIMEFRAMES = ['m1', 'm5', 'h1', 'h4', 'D1', 'W1', 'M1']

/**
 * So many random steps of others, with ticks, rollups and upkeep between them. The first difference ends it. Gives true when
 * there was none.
 */
export async function playRandom({ steps, seed, lake, say }: RandomRun): Promise<boolean> {
  say(`seed ${seed}`)
  const chance = random(seed)
  const world = await openWorld({ lake, onProgress: () => undefined })
  try {
    const program = new RandomProgram(world, chance, say)
    await program.begin()
    for (let step = 1; step <= steps; step++) {
      await program.step(step)
      if (step % JUDGE_EVERY !== 0 && step !== steps) continue
      const findings = await program.judge()
      if (findings.length === 0) continue
      say(`after step ${step} of seed ${seed}: ${findings.length} FAULTS`)
      for (const finding of findings.slice(0, MOST_SAID)) say(`  ${finding}`)
      return false
    }
    const { code, said } = await world.verify()
    say(code === 0 ? `${steps} steps, verify is clean` : `verify: ${said.slice(0, 4_000)}`)
    return code === 0
  } catch (error) {
    say(`seed ${seed} FAILED: ${error instanceof Error ? error.stack : error}`)
    return false
  } finally {
    await world.close()
  }
}

class RandomProgram {
  readonly #world: World
  readonly #chance: Random
  readonly #say: (line: string) => void
  readonly #marks = new Map<TableName, Act['mark']>()
  /** Steps that stay until they are taken back. */
  readonly #open = new Map<string, () => Promise<unknown>>()
  #number = 2

  constructor(world: World, chance: Random, say: (line: string) => void) {
    this.#world = world
    this.#chance = chance
    this.#say = say
  }

  async begin(): Promise<void> {
    await this.#world.send([ANCHOR, ...this.#ticks(200)])
    await this.#world.ingest()
    await this.#world.settle()
    for (const table of TABLES) await this.#mark(table)
  }

  /** Some of our own work, and one step of somebody else. */
  async step(count: number): Promise<void> {
    const chance = this.#chance
    this.#world.clock.nowMs += MINUTE_MS
    for (let works = chance.int(0, 3); works > 0; works--) await this.#work()
    const step = chance.pick(STEPS.filter(({ isRandom }) => isRandom !== false))
    const table = chance.pick(step.tables)
    const name = `${step.engine}: ${step.name}, on ${table}`
    const undo = this.#open.get(name)
    if (undo !== undefined) {
      this.#say(`${count}. ${name}: taken back`)
      await undo()
      this.#open.delete(name)
      return
    }
    const act = {
      engines: this.#world.engines,
      table,
      where: this.#where(step.reach ?? 'minutes', table),
      mark: this.#marks.get(table)!,
    }
    const isBeside = chance.next() < 0.3
    this.#say(`${count}. ${name}${isBeside ? ', during rollup' : ''} ${JSON.stringify(act.where)}`)
    const strike = () => this.#strike(step, act)
    await (isBeside ? this.#world.rollup(strike) : strike())
    if (step.undo !== undefined) this.#open.set(name, async () => step.undo?.(act))
  }

  async judge(): Promise<string[]> {
    await this.#world.ingest()
    await this.#world.settle()
    return this.#world.judge()
  }

  async #strike(step: Step, act: Act): Promise<void> {
    try {
      await step.run(act)
    } catch (error) {
      if (!(step.mayFail && error instanceof EngineFailed)) throw error
      this.#say(`   refused: ${error.message.slice(0, 150)}`)
      return
    }
    record(step, this.#world.ledger, act)
  }

  async #work(): Promise<void> {
    const works = {
      ticks: async () => {
        await this.#world.send(this.#ticks(this.#chance.int(1, 80)))
        await this.#world.ingest()
      },
      rollup: () => this.#world.rollup(),
      publish: () => this.#world.publish(),
      maintain: () => this.#world.maintain(),
      mark: () => this.#mark(this.#chance.pick(TABLES)),
    }
    const name = this.#chance.pick([
      'ticks',
      'ticks',
      'ticks',
      'rollup',
      'publish',
      'maintain',
      'mark',
    ] as const)
    this.#say(`   ${name}`)
    await works[name]()
  }

  async #mark(table: TableName): Promise<void> {
    const { services, ledger } = this.#world
    const { metadata } = await services.catalog.loadTable({ namespace: 'market_data', name: table })
    const snapshotId = String(metadata.currentSnapshotId)
    this.#marks.set(table, { snapshotId, ledger: ledger.bookmark() })
  }

  #ticks(count: number): TestTick[] {
    const { nowMs } = this.#world.clock
    return Array.from({ length: count }, () => {
      const isLive = this.#chance.next() < 0.2
      const ms = isLive
        ? nowMs - this.#chance.int(0, 5 * MINUTE_MS)
        : Date.parse(this.#chance.pick(DAYS)) +
          this.#chance.int(0, 47) * 30 * MINUTE_MS +
          this.#chance.int(0, 59_999)
      return {
        source: this.#chance.pick(SOURCES),
        symbol: this.#chance.pick(SYMBOLS),
        mid: this.#chance.int(1, 4_000) / 8,
        number: this.#number++,
        dateTime: isoOf(ms),
        partition: this.#chance.int(0, 3),
      }
    })
  }

  /** Around a tick that is there: so that most steps find something. */
  #where(reach: Reach, table: TableName): Where {
    const chance = this.#chance
    const ofCandles = table === 'candles'
    const some = this.#world.ledger.table.filter(({ source }) => source !== ANCHOR.source)
    const { source, symbol, dateTimeUs } = chance.pick(some)
    const timeframe = chance.pick(TIMEFRAMES)
    const ms = Number(dateTimeUs / 1000n)
    if (reach === 'symbol') return { source, symbol, ...(ofCandles ? { timeframe } : {}) }
    if (reach === 'partition') return ofCandles ? { timeframe, ...monthOf(ms) } : dayOf(ms)
    const fromMs = Math.floor(ms / MINUTE_MS) * MINUTE_MS
    return { source, symbol, from: isoOf(fromMs), to: isoOf(fromMs + chance.int(1, 300) * MINUTE_MS) }
  }
}
