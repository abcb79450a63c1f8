import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { PublishResult } from '../../lib/publish/publishCandles.ts'
import type { RollupResult } from '../../lib/rollup/rollupCandles.ts'
import { sandboxEnv, until } from './sandbox.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SLS = fileURLToPath(new URL('../../node_modules/serverless/bin/serverless.js', import.meta.url))

/** A real `sls offline start` of the whole project, on the tests' sandbox. */
export class Offline {
  readonly #child: ChildProcess
  readonly exited: Promise<number | null>

  /**
   * Starts it and waits until its functions can be invoked. `name` is that of its log under test-results/. With
   * `CANDLES: 'false'` no schedule runs a function beside the test.
   */
  static async start(name: string, env: Record<string, string> = {}): Promise<Offline> {
    const offline = new Offline(name, env)
    try {
      await until('sls offline answers', () => offline.#answers())
      return offline
    } catch (error) {
      await offline.stop('SIGKILL')
      throw error
    }
  }

  private constructor(name: string, env: Record<string, string>) {
    mkdirSync(`${ROOT}/test-results`, { recursive: true })
    const log = openSync(`${ROOT}/test-results/offline-${name}.log`, 'a')
    this.#child = spawn(process.execPath, [SLS, 'offline', 'start'], {
      cwd: ROOT,
      env: { ...process.env, FAKE_TICKS: 'false', ...sandboxEnv(), ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.exited = once(this.#child, 'exit').then(([code]) => code)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Runs a function as AWS would and gives its answer; throws what the function threw. */
  async invoke<Result>(name: string, payload: unknown = {}): Promise<Result> {
    const lambda = new LambdaClient({
      region: 'us-east-1',
      endpoint: sandboxEnv().LAMBDA_ENDPOINT!,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    })
    const command = { FunctionName: `tickhouse-local-${name}`, Payload: JSON.stringify(payload) }
    const answer = await lambda.send(new InvokeCommand(command))
    const text = Buffer.from(answer.Payload ?? []).toString()
    if (answer.FunctionError) throw new Error(`${name}: ${text}`)
    return JSON.parse(text) as Result
  }

  /** Runs rollup until no hour is stale: what one call has no time for in its minute is left to the next. */
  async rollUpAll(): Promise<void> {
    await until('no hour is stale', async () => {
      const { behind, hoursStale } = await this.invoke<RollupResult>('rollup')
      return behind === 0 && hoursStale === 0
    })
  }

  /** Runs publish until all is sent: one that rollup has started may take over, and what is left is then its business. */
  async publishAll(): Promise<void> {
    await until('all candles are on their topics', async () => {
      const { complete } = await this.invoke<PublishResult>('publish')
      return complete
    })
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.isRunning) this.#child.kill(signal)
    return this.exited
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning) throw new Error('sls offline ended while starting: see test-results/')
    return fetch(sandboxEnv().LAMBDA_ENDPOINT!).then(
      () => true,
      () => false,
    )
  }
}
