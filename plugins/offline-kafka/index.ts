import { readMappings } from './config/definition.ts'
import { extendSchema } from './config/schema.ts'
import { readSettings } from './config/settings.ts'
import { completeTemplate } from './config/template.ts'
import type { Log, ServerlessHost } from './host.ts'
import { readFunction } from './invoking/function.ts'
import { SourceThread } from './running/sourceThread.ts'
import { releaseStartupMemory } from './running/startupMemory.ts'
import { keepAlive } from './running/workerGuard.ts'

/**
 * AWS Lambda's Kafka event source for serverless-offline. List it in `plugins:` before serverless-offline,
 * whose own hook at the end leaves the process.
 */
export default class OfflineKafka {
  readonly hooks: Record<string, () => Promise<void> | void>
  readonly #serverless: ServerlessHost
  readonly #cliOptions: Record<string, unknown>
  readonly #log: Log
  #sources: SourceThread | undefined

  constructor(serverless: ServerlessHost, cliOptions: Record<string, unknown>, { log }: { log: Log }) {
    this.#serverless = serverless
    this.#cliOptions = cliOptions
    this.#log = log
    extendSchema(serverless)
    this.hooks = {
      'after:package:compileEvents': () => completeTemplate(serverless),
      'before:offline:start': () => this.#start(),
      'offline:start:init': () => this.#start(),
      'offline:start:end': () => this.#stop(),
      'offline:functionsUpdated:cleanup': () => this.#reload(),
    }
  }

  async #start(): Promise<void> {
    const { custom } = this.#serverless.service
    const settings = readSettings(custom)
    const mappings = readMappings(this.#serverless)
    for (const { functionKey, topic, enabled } of mappings) {
      if (!enabled) this.#log.notice(`${functionKey} does not read ${topic}: enabled is false`)
    }
    const active = mappings.filter(({ enabled }) => enabled)
    if (active.length === 0) return
    keepAlive(this.#log)
    const options = { ...(custom?.['serverless-offline'] as object), ...this.#cliOptions }
    const functions = active.map(({ functionKey }) => readFunction(this.#serverless, functionKey, options))
    this.#sources = new SourceThread({ mappings: active, functions, settings }, this.#log)
    await releaseStartupMemory()
  }

  async #stop(): Promise<void> {
    await this.#sources?.stop()
  }

  /** A bundler has rebuilt the functions. */
  async #reload(): Promise<void> {
    await this.#sources?.reload()
  }
}
