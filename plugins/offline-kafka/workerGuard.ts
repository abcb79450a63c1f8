import { AsyncLocalStorage } from 'node:async_hooks'
import { Worker } from 'node:worker_threads'
import { InvocationFailed } from './errors.ts'
import type { Log } from './host.ts'

/** An invocation that can be told that its worker is gone. */
interface Invocation {
  fail(error: InvocationFailed): void
}

/** The worker had died before: the function never saw its event. */
export class WorkerWasGone extends InvocationFailed {}

const invocations = new AsyncLocalStorage<Invocation>()
const latest = new WeakMap<Worker, Invocation | undefined>()
const gone = new WeakSet<Worker>()
let isGuarding = false

/**
 * Runs `invoke`, and rejects with `InvocationFailed` as soon as the worker thread that serverless-offline gave it ends:
 * by a rejection that nobody awaited, an error in a callback, process.exit or lack of memory. serverless-offline itself
 * listens to none of these: it would wait for the function's timeout, or end the whole process.
 */
export function withWorkerGuard<Answer>(invoke: () => Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    invocations.run({ fail: reject }, () => invoke().then(resolve, reject))
  })
}

/** Keeps the process alive when a worker of any function of serverless-offline dies. Only the first call counts. */
export function guardWorkers(log: Log): void {
  if (isGuarding) return
  isGuarding = true
  const postMessage = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    const functionName = invokedFunction(args[0])
    if (functionName !== undefined) watch(this, functionName, log)
    postMessage.apply(this, args)
  }
}

/** serverless-offline hands an event over as `{context, event, port}`. */
function invokedFunction(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('port' in message) || !('context' in message))
    return undefined
  const { context } = message
  if (typeof context !== 'object' || context === null || !('functionName' in context)) return undefined
  return String(context.functionName)
}

function watch(worker: Worker, functionName: string, log: Log): void {
  const invocation = invocations.getStore()
  if (gone.has(worker)) {
    invocation?.fail(new WorkerWasGone(`the worker of ${functionName} has ended`))
    return
  }
  const isNew = !latest.has(worker)
  latest.set(worker, invocation)
  if (!isNew) return
  let cause: unknown
  worker.on('error', error => {
    cause = error
    log.warning(`the worker of ${functionName} died: ${reason(error)}`)
  })
  worker.on('exit', code => {
    gone.add(worker)
    const failure = cause === undefined ? `it ended with code ${code}` : reason(cause)
    const error = new InvocationFailed(`the worker of ${functionName} died: ${failure}`, { cause })
    // A timeout ends its worker too, and rejects by itself, with the better message, before this comes to run.
    setImmediate(() => latest.get(worker)?.fail(error))
  })
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
