import { Worker } from 'node:worker_threads'
import type { Log } from '../host.ts'

let isGuarding = false
const watched = new WeakSet<Worker>()

/**
 * Keeps `sls offline` alive when a worker of serverless-offline dies, which runs the functions of other events: nobody
 * there listens to the 'error' of a thread (a rejection that nobody awaits, lack of memory), and Node then ends the process,
 * and this event source with it. Only the first call counts.
 */
export function keepAlive(log: Log): void {
  if (isGuarding) return
  isGuarding = true
  const postMessage = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    const functionName = invokedFunction(args[0])
    if (functionName !== undefined && !watched.has(this)) {
      watched.add(this)
      this.on('error', error => log.warning(`the worker of ${functionName} died: ${messageOf(error)}`))
    }
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

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
