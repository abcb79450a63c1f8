import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { install, type PackageName } from '../../../bench/readers/install.ts'

/** Where an engine's script finds the servers and its packages, and where it logs. */
export interface EngineOptions {
  /** The variables that lead to the servers. */
  readonly env: Readonly<Record<string, string>>
  readonly cacheDir: string
  readonly logDir: string
  readonly onProgress: (line: string) => void
}

/** What an engine is started with: the script beside this file, the packages it imports, variables of its own. */
export interface EngineProgram {
  readonly script: string
  readonly packages: readonly PackageName[]
  variables?(dirs: ReadonlyMap<PackageName, string>): Promise<Record<string, string>>
}

/** An engine could not do a step; the pipeline may be as right as it was. */
export class EngineFailed extends Error {}

type Answer = { readonly result: unknown } | { readonly error: string }

const HERE = dirname(fileURLToPath(import.meta.url))
const READERS = fileURLToPath(new URL('../../../bench/readers', import.meta.url))

/** An engine of another language, in a process of its own that stays up: one JSON line a step, one for its answer. */
export class EngineProcess {
  readonly #program: EngineProgram
  readonly #options: EngineOptions
  #running: Promise<{ child: ChildProcess; answers: AsyncIterator<string> }> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(program: EngineProgram, options: EngineOptions) {
    this.#program = program
    this.#options = options
  }

  /** Does a step and gives its result; starts the process for the first one. Throws `EngineFailed`. */
  call<Result>(step: string, given: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const answer = this.#turn.then(() => this.#ask({ do: step, ...given }))
    this.#turn = answer.catch(() => undefined)
    return answer.then(found => {
      if ('error' in found) throw new EngineFailed(`${this.#program.script}, ${step}: ${found.error}`)
      return found.result as Result
    })
  }

  /** Starts the process, so that the first step need not. */
  async start(): Promise<void> {
    this.#running ??= this.#open()
    await this.#running
  }

  async close(): Promise<void> {
    const running = await this.#running?.catch(() => undefined)
    if (running === undefined) return
    if (running.child.exitCode !== null || running.child.signalCode !== null) return
    const ended = once(running.child, 'exit')
    running.child.stdin?.end()
    await ended
  }

  async #ask(line: object): Promise<Answer> {
    this.#running ??= this.#open()
    const { child, answers } = await this.#running
    child.stdin?.write(`${JSON.stringify(line)}\n`)
    return this.#next(answers)
  }

  async #next(answers: AsyncIterator<string>): Promise<Answer> {
    const { value, done } = await answers.next()
    if (done) throw new EngineFailed(`${this.#program.script} ended: ${lastWords(this.#log())}`)
    return JSON.parse(value)
  }

  async #open() {
    const { script, packages, variables } = this.#program
    const dirs = new Map<PackageName, string>()
    for (const name of packages)
      dirs.set(name, await install(this.#options.cacheDir, name, this.#options.onProgress))
    const log = openSync(this.#log(), 'a')
    const child = spawn('python3', [join(HERE, script)], {
      env: {
        ...process.env,
        ...this.#options.env,
        PYTHONPATH: [...dirs.values(), READERS].join(delimiter),
        PYTHONPYCACHEPREFIX: join(this.#options.cacheDir, 'readers', 'compiled'),
        ...(await variables?.(dirs)),
      },
      stdio: ['pipe', 'pipe', log],
    })
    closeSync(log)
    const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    await this.#next(answers)
    return { child, answers }
  }

  #log(): string {
    return join(this.#options.logDir, `${this.#program.script}.log`)
  }
}

const LAST_LINES = 5

function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-LAST_LINES).join('\n')
}
