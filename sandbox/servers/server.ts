import { setTimeout as sleep } from 'node:timers/promises'
import { dataPaths } from '../dataFolder.ts'
import { Cancelled, PortInUse, SandboxElsewhere, ServerDied, ServerNotReady } from '../errors.ts'
import { type PortNeed, requireFree } from '../ports.ts'
import { findProgram } from '../processes/findProgram.ts'
import { isAlive, residentBytes } from '../processes/identity.ts'
import { type PidRecord, readPidFile, removePidFile, type StartedBy } from '../processes/pidFile.ts'
import { spawnDetached, tail } from '../processes/spawn.ts'
import { killProcess, stopProcess } from '../processes/stop.ts'
import type { Settings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import type { ServerDefinition, ServerName, World } from './definition.ts'

/** How a start tells what it does, and is called off. */
export interface StartOptions {
  startedBy: StartedBy
  terminal: Terminal
  signal?: AbortSignal | undefined
}

/** A server that was just being started when its starter died needs some time yet. */
const TAKE_OVER_WITHIN_MS = 30_000

/** One server of one data folder, whichever process started it. */
export class Server {
  readonly name: ServerName
  readonly title: string
  readonly logFile: string
  readonly #definition: ServerDefinition
  readonly #settings: Settings
  readonly #pidFile: string

  constructor(definition: ServerDefinition, settings: Settings) {
    this.name = definition.name
    this.title = definition.title
    this.#definition = definition
    this.#settings = settings
    this.logFile = dataPaths(settings.dataDir).logFile(definition.name)
    this.#pidFile = dataPaths(settings.dataDir).pidFile(definition.name)
  }

  /** What is known of its process while that runs. */
  get record(): PidRecord | undefined {
    return readPidFile(this.#pidFile)
  }

  /** Its pid, or undefined when it is down. */
  get pid(): number | undefined {
    return this.record?.pid
  }

  /** Resident memory in bytes; 0 when it is down. */
  get residentBytes(): number {
    return this.pid === undefined ? 0 : residentBytes(this.pid)
  }

  /** True for a server that all else runs without. */
  get isOptional(): boolean {
    return this.#definition.external !== undefined
  }

  /** Why it cannot run on this machine, and the cure; undefined when it can. */
  get whatIsMissing(): string | undefined {
    const { external } = this.#definition
    if (external === undefined || findProgram(external.program) !== undefined) return undefined
    return `there is no program "${external.program}" on the PATH. ${external.cure}`
  }

  /** Every port that it listens on. */
  get portNeeds(): PortNeed[] {
    return this.#definition.ports(this.#settings)
  }

  /** True when it runs on the ports that the settings name. */
  get isWhereExpected(): boolean {
    const ports = this.#ports()
    return this.record?.ports.join() === ports.join()
  }

  /** True when it does its work at this moment. */
  async isHealthy(): Promise<boolean> {
    if (!this.record || !this.isWhereExpected) return false
    return this.#definition.check(this.#settings).then(
      () => true,
      () => false,
    )
  }

  /**
   * Starts it, unless it runs already, and waits until it does its work. Throws `PortInUse`, `ServerDied` or
   * `ServerNotReady`, and leaves no process behind then.
   */
  async start(world: World, options: StartOptions): Promise<void> {
    const running = await this.#takeOver(options)
    const record = running ?? (await this.#spawn(world, options.startedBy))
    options.terminal.say(`${this.title}: ${running ? 'already running' : 'starting'} (process ${record.pid})`)
    try {
      await this.#waitUntilReady(record, options)
    } catch (error) {
      if (!running) await this.stop()
      throw error
    }
  }

  /** The process of an earlier start, when it still does its work here; one that a crashed run left behind otherwise is stopped. */
  async #takeOver({ terminal }: StartOptions): Promise<PidRecord | undefined> {
    const running = this.record
    if (!running || (await this.#isHealthyWithin(TAKE_OVER_WITHIN_MS))) return running
    if (running.startedBy === 'up' && !this.isWhereExpected)
      throw new SandboxElsewhere(this.title, running.pid)
    terminal.say(`${this.title}: stopping process ${running.pid} of an earlier run`)
    await this.stop()
    return undefined
  }

  async #isHealthyWithin(withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs
    while (this.record && this.isWhereExpected && Date.now() < deadline) {
      if (await this.isHealthy()) return true
      await sleep(200)
    }
    return false
  }

  /** Stops it in an orderly way and waits for its end. */
  async stop(): Promise<void> {
    const record = this.record
    if (record) await stopProcess(record, this.#definition.stopWithinMs)
    removePidFile(this.#pidFile)
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const record = this.record
    if (record) await killProcess(record)
    removePidFile(this.#pidFile)
  }

  async #spawn(world: World, startedBy: StartedBy): Promise<PidRecord> {
    await requireFree(this.portNeeds)
    const command = await this.#definition.prepare(world)
    return spawnDetached(command, {
      logFile: this.logFile,
      pidFile: this.#pidFile,
      startedBy,
      ports: this.#ports(),
    })
  }

  async #waitUntilReady(record: PidRecord, { signal, terminal }: StartOptions): Promise<void> {
    const startedMs = Date.now()
    let reason = 'it has not answered'
    while (Date.now() - startedMs < this.#definition.readyWithinMs) {
      if (signal?.aborted) throw new Cancelled()
      if (!isAlive(record)) throw await this.#asDied()
      try {
        await this.#definition.check(this.#settings)
        await this.#definition.tune?.(this.#settings)
        terminal.say(`${this.title}: ready after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
        return
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
        await sleep(200)
      }
    }
    throw new ServerNotReady(this.title, this.#definition.readyWithinMs, reason, this.logFile)
  }

  async #asDied(): Promise<Error> {
    // Someone may have taken a port between our look and the server's.
    const taken = await requireFree(this.portNeeds).catch((error: unknown) => error)
    if (taken instanceof PortInUse) return taken
    return new ServerDied(this.title, reasonIn(await tail(this.logFile)), this.logFile)
  }

  #ports(): number[] {
    return this.portNeeds.map(({ port }) => port)
  }
}

const KNOWN_CAUSES: readonly [RegExp, string][] = [
  [/no space left/i, 'the disk is full; make room, or move the data with TICKHOUSE_DATA=….'],
  [
    /OutOfMemory|cannot allocate memory|insufficient memory/i,
    'there was not enough memory; close other programs.',
  ],
  [/address already in use|failed to bind/i, 'one of its ports was taken at the same moment; try again.'],
]

function reasonIn(log: string): string {
  const known = KNOWN_CAUSES.find(([pattern]) => pattern.test(log))
  const lines = log.split('\n').filter(line => line.trim() !== '')
  const telling = lines.findLast(line => /error|exception|fatal|panic/i.test(line) && !/^\s+at /.test(line))
  return known?.[1] ?? (telling ?? lines.at(-1) ?? 'it wrote nothing').trim().slice(0, 400)
}
