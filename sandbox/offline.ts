import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataPaths } from './dataFolder.ts'
import { Cancelled, ServerDied, ServerNotReady } from './errors.ts'
import { answers, requireFree } from './ports.ts'
import { isAlive } from './processes/identity.ts'
import { readPidFile, removePidFile } from './processes/pidFile.ts'
import { spawnDetached, tail } from './processes/spawn.ts'
import { stopProcess } from './processes/stop.ts'
import { functionEnv, ROOT, type Settings } from './settings.ts'

const TITLE = 'sls offline'
const READY_WITHIN_MS = 120_000

/** A batch in flight is finished first. */
const STOP_WITHIN_MS = 60_000

/**
 * Loading the framework takes most of the memory. These settings reduce it: a small young generation (MB), heaps that grow by
 * half of what is live before they are collected, one helper thread for the collector and the compiler, and one malloc arena
 * for all threads.
 */
const NODE_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=50', '--v8-pool-size=1']
const SPARING = { MALLOC_ARENA_MAX: '1' }

/** `sls offline start` on this sandbox's servers. */
export class Offline {
  readonly logFile: string
  readonly #pidFile: string
  readonly #settings: Settings
  readonly #env: Readonly<Record<string, string>>

  /** `env`: variables besides those that point at the servers. */
  constructor(settings: Settings, env: Readonly<Record<string, string>> = {}) {
    this.#settings = settings
    this.#env = env
    this.logFile = dataPaths(settings.dataDir).logFile('offline')
    this.#pidFile = dataPaths(settings.dataDir).pidFile('offline')
  }

  /** Its pid, or undefined when it is down. */
  get pid(): number | undefined {
    return readPidFile(this.#pidFile)?.pid
  }

  /** Throws `PortInUse` when the ports of the functions are taken by someone else. */
  async requirePorts(): Promise<void> {
    const { http, lambda } = this.#settings.ports
    await requireFree([
      { port: http, name: 'http' },
      { port: lambda, name: 'lambda' },
    ])
  }

  /** Starts it and waits until functions can be invoked. Throws `PortInUse`, `ServerDied` or `ServerNotReady`. */
  async start(signal: AbortSignal): Promise<void> {
    await this.requirePorts()
    const { http, lambda } = this.#settings.ports
    const sls = join(ROOT, 'node_modules', 'serverless', 'bin', 'serverless.js')
    const record = spawnDetached(
      {
        file: process.execPath,
        args: [...NODE_FLAGS, sls, 'offline', 'start'],
        cwd: ROOT,
        env: {
          ...process.env,
          ...SPARING,
          ...functionEnv(this.#settings.ports),
          ...this.#env,
          SLS_NOTIFICATIONS_MODE: 'off',
        },
      },
      { logFile: this.logFile, pidFile: this.#pidFile, startedBy: 'start', ports: [http, lambda] },
    )
    const deadline = Date.now() + READY_WITHIN_MS
    while (!((await answers(lambda)) && (await answers(http)))) {
      if (signal.aborted) throw new Cancelled()
      if (!isAlive(record)) throw new ServerDied(TITLE, lastLine(await tail(this.logFile)), this.logFile)
      if (Date.now() > deadline)
        throw new ServerNotReady(TITLE, READY_WITHIN_MS, 'it does not answer', this.logFile)
      await sleep(100)
    }
  }

  /** Stops it in an orderly way, also one that an earlier run left behind, and waits for its end. */
  async stop(): Promise<void> {
    const record = readPidFile(this.#pidFile)
    if (record) await stopProcess(record, STOP_WITHIN_MS)
    removePidFile(this.#pidFile)
  }
}

function lastLine(log: string): string {
  return log.trim().split('\n').at(-1) || 'it wrote nothing'
}
