import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { WrongServerlessOffline } from './errors.ts'
import type { ServerlessHost } from './host.ts'

/**
 * This file has all that the plugin knows of the internals of serverless-offline, which has no option for any of it. For another
 * version, read its src/lambda/Lambda.js, LambdaFunction.js, handler-runner/worker-thread-runner/WorkerThreadRunner.js,
 * src/ServerlessOffline.js and src/events/http/HttpServer.js.
 */
const FOR_VERSION = '14.8.'

/** An instance of a function in serverless-offline's pool; a busy one serves no other call. */
export interface LambdaFunction {
  setEvent(event: unknown): void
  setClientContext(context: unknown): void
  runHandler(): Promise<unknown>
  /** Ends the thread; the next call begins with a new one. */
  cleanup(): Promise<void>
}

/** Runs a call of a function; `run` takes an instance from the pool, and rejects when the function fails. */
export type Around = (functionKey: string, event: unknown, run: () => Promise<unknown>) => Promise<unknown>

/** Runs every call of these functions through `around`. Throws `WrongServerlessOffline` for another version. */
export async function runCallsThrough(functionKeys: ReadonlySet<string>, around: Around): Promise<void> {
  checkVersion(installedVersion())
  const { default: Lambda } = await import('serverless-offline/lambda')
  const { get } = Lambda.prototype
  // `getByFunctionName` must call `get`, so that no call goes another way.
  need(
    typeof get === 'function' && String(Lambda.prototype.getByFunctionName).includes('this.get('),
    'Lambda.get',
  )
  watchThreads()
  Lambda.prototype.get = function (functionKey: string): LambdaFunction {
    const take = () => checked(get.call(this, functionKey))
    return functionKeys.has(functionKey) ? new Call(functionKey, take, around) : take()
  }
}

/** Stands for an instance until the call may begin, so that no thread starts for a call that waits. */
class Call implements LambdaFunction {
  readonly #functionKey: string
  readonly #take: () => LambdaFunction
  readonly #around: Around
  #event: unknown
  #clientContext: unknown

  constructor(functionKey: string, take: () => LambdaFunction, around: Around) {
    this.#functionKey = functionKey
    this.#take = take
    this.#around = around
  }

  setEvent(event: unknown): void {
    this.#event = event
  }

  setClientContext(context: unknown): void {
    this.#clientContext = context
  }

  runHandler(): Promise<unknown> {
    return this.#around(this.#functionKey, this.#event, () => this.#run())
  }

  async cleanup(): Promise<void> {}

  #run(): Promise<unknown> {
    const instance = this.#take()
    instance.setClientContext(this.#clientContext)
    instance.setEvent(this.#event)
    return runUntilExit(instance, this.#event)
  }
}

/** The calls under way, by event: each rejects its call when the thread exits. */
const underWay = new WeakMap<object, (exitCode: number) => void>()

/** Runs the handler; rejects when its thread exits. serverless-offline itself would wait until the function's timeout. */
async function runUntilExit(instance: LambdaFunction, event: unknown): Promise<unknown> {
  if (typeof event !== 'object' || event === null) return instance.runHandler()
  const exit = new Promise<never>((_, reject) => {
    underWay.set(event, exitCode => {
      // Takes the instance out of the pool: no other call may get it.
      void instance.cleanup()
      reject(new Error(`the thread ended with code ${exitCode} before it answered`))
    })
  })
  try {
    return await Promise.race([instance.runHandler(), exit])
  } finally {
    underWay.delete(event)
  }
}

let isWatching = false

function watchThreads(): void {
  if (isWatching) return
  isWatching = true
  const { postMessage } = Worker.prototype
  const lastEvents = new WeakMap<Worker, object>()
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    const event = eventOf(args[0])
    if (event !== undefined && underWay.has(event)) {
      if (!lastEvents.has(this))
        this.once('exit', code => underWay.get(lastEvents.get(this)!)?.(code)).on('error', ignore)
      lastEvents.set(this, event)
    }
    postMessage.apply(this, args)
  }
}

/** Without a listener, an error of a thread would end the process. The thread's exit follows it. */
const ignore = () => undefined

/** The event of a message that hands a call to its thread: `{context, event, port}`. */
function eventOf(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('event' in message && 'port' in message))
    return undefined
  const { event } = message
  return typeof event === 'object' && event !== null ? event : undefined
}

/** The HTTP server in front of the functions, of @hapi/hapi. */
interface HttpServer {
  ext(event: string, method: (request: HttpRequest, toolkit: { continue: symbol }) => symbol): void
}

interface HttpRequest {
  readonly headers: Record<string, string | undefined>
}

/**
 * Stops serverless-offline from letting pages of all origins read every answer, with credentials. The functions' own CORS
 * headers are left. Call it once the HTTP server exists.
 */
export function leaveCorsToFunctions({ pluginManager }: ServerlessHost): void {
  const offline = pluginManager.getPlugins().find(plugin => plugin.constructor.name === 'ServerlessOffline')
  const server = (offline as { internals?(): { getApiGatewayServer(): HttpServer } } | undefined)
    ?.internals?.()
    .getApiGatewayServer()
  need(typeof server?.ext === 'function', 'ServerlessOffline.internals().getApiGatewayServer()')
  // serverless-offline reads this header after the handler; the function's event, made before, keeps it.
  server!.ext('onPostHandler', (request, { continue: goOn }) => {
    delete request.headers.origin
    return goOn
  })
}

function checked(instance: LambdaFunction): LambdaFunction {
  const methods = ['setEvent', 'setClientContext', 'runHandler', 'cleanup'] as const
  for (const method of methods) need(typeof instance?.[method] === 'function', `LambdaFunction.${method}`)
  return instance
}

/** Throws `WrongServerlessOffline` for a version whose internals may differ. */
export function checkVersion(version: string): void {
  if (!version.startsWith(FOR_VERSION)) throw new WrongServerlessOffline(`it is ${version}`)
}

function installedVersion(): string {
  const path = createRequire(import.meta.url).resolve('serverless-offline/lambda')
  return JSON.parse(readFileSync(join(path, '../../../package.json'), 'utf8')).version
}

function need(isThere: boolean, what: string): void {
  if (!isThere) throw new WrongServerlessOffline(`it has no ${what} as this plugin knows it`)
}
