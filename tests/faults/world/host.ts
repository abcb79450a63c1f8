import { readFileSync } from 'node:fs'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { Offline } from '../../../sandbox/offline.ts'
import type { Settings } from '../../../sandbox/settings.ts'
import { until } from '../until.ts'

/** Ingest alone runs by itself. */
const ENVIRONMENT = { FAKE_TICKS: 'false', CANDLES: 'false' }

/** On a busy machine it may not be ready in time. */
const MOST_STARTS = 3
const LAST_LINES = 15

/** The function host: a real `sls offline start` with ingest alone, which reaches catalog and store through the proxies. */
export class Host {
  readonly #offline: Offline
  readonly #lambda: LambdaClient
  readonly #calledOff: AbortSignal

  /** `signal` calls a start off. */
  constructor(
    settings: Settings,
    proxies: { readonly catalog: number; readonly store: number },
    signal: AbortSignal,
  ) {
    this.#calledOff = signal
    const ports = { ...settings.ports, iceberg: proxies.catalog, s3: proxies.store }
    this.#offline = new Offline({ ...settings, ports }, ENVIRONMENT)
    this.#lambda = new LambdaClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${ports.lambda}`,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    })
  }

  /** Starts it, as often as a supervisor would, and waits until functions can be invoked. */
  async start(): Promise<void> {
    for (let starts = 1; ; starts++) {
      try {
        return await this.#offline.start(this.#calledOff)
      } catch (error) {
        await this.#offline.stop()
        if (starts === MOST_STARTS || this.#calledOff.aborted) throw error
      }
    }
  }

  /** Runs a function as AWS would and gives its answer; throws what the function threw. */
  async invoke(name: string, payload: unknown = {}): Promise<unknown> {
    const request = { FunctionName: `tickhouse-local-${name}`, Payload: JSON.stringify(payload) }
    const answer = await this.#lambda.send(new InvokeCommand(request))
    const text = Buffer.from(answer.Payload ?? []).toString()
    if (answer.FunctionError) throw new Error(`${name}: ${text}`)
    return JSON.parse(text)
  }

  /** Ends it in an orderly way. */
  async stop(): Promise<void> {
    await this.#offline.stop()
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await until('the function host is gone', () => this.#offline.pid === undefined)
  }

  /** It stands still, and knows nothing of it. */
  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  /** Waits until its log, since its last start, says this. */
  async says(text: string): Promise<void> {
    await until(`the function host says "${text}"`, () =>
      readFileSync(this.#offline.logFile, 'utf8').includes(text),
    )
  }

  /** The end of its log. */
  lastWords(): string {
    return readFileSync(this.#offline.logFile, 'utf8').trim().split('\n').slice(-LAST_LINES).join('\n')
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#offline
    if (pid === undefined) throw new Error(`the function host ended by itself: see ${this.#offline.logFile}`)
    process.kill(pid, signal)
  }
}
