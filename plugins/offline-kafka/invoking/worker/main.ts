import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { unpack } from '../parcel.ts'
import { type Handler, loadHandler } from './loadHandler.ts'
import type { Invocation, Thrown, WorkerMessage, WorkerSetup } from './messages.ts'

/*
 * A function's process, as Lambda has it: one handler, loaded once, invoked with one event after the other. What goes wrong outside
 * of an invocation (a rejection that nobody awaits, process.exit, lack of memory) ends the thread, and is seen from outside.
 */
const { codeDir, handler } = workerData as WorkerSetup
const say = (message: WorkerMessage) => parentPort!.postMessage(message)

try {
  const run = await loadHandler(codeDir, handler)
  parentPort!.on('message', (invocation: Invocation) => void answer(run, invocation))
  say({ kind: 'loaded' })
} catch (error) {
  say({ kind: 'failed', thrown: toThrown(error) })
}

async function answer(run: Handler, invocation: Invocation): Promise<void> {
  say({ kind: 'begun' })
  try {
    const json = JSON.stringify(await invoke(run, invocation))
    say({ kind: 'answered', json })
  } catch (error) {
    say({ kind: 'failed', thrown: toThrown(error) })
  }
}

/** Resolves with what the handler returns or, when that is no promise, gives to its callback, whichever comes first. */
function invoke(run: Handler, { parcel, deadlineMs, context }: Invocation): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, result?: unknown) => (error ? reject(error) : resolve(result))
    const returned = run(
      unpack(parcel),
      {
        ...context,
        callbackWaitsForEmptyEventLoop: true,
        getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
        done: callback,
        fail: (error: unknown) => callback(error ?? new Error('context.fail')),
        succeed: (result: unknown) => callback(null, result),
      },
      callback,
    )
    const waitsForCallback = run.length > 2 && !isPromise(returned)
    if (!waitsForCallback) resolve(returned)
  })
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Anything can be thrown, and not everything can be cloned. */
function toThrown(error: unknown): Thrown {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? String(error) }
  const shown = typeof error === 'string' ? error : inspect(error)
  return { message: `the handler threw ${shown}`, stack: shown }
}
