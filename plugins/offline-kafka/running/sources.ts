import { parentPort, workerData } from 'node:worker_threads'
import { Invoker } from '../invoking/invoker.ts'
import { LOG_LEVELS, type Order, type SourceMessage, type SourcesSetup } from '../invoking/worker/messages.ts'
import { EventSource } from './source.ts'

/* The thread in which all event sources live; it does what `SourceThread` orders. */
const { mappings, functions, settings } = workerData as SourcesSetup
const say = (message: SourceMessage) => parentPort!.postMessage(message)
const log = Object.fromEntries(
  LOG_LEVELS.map(level => [level, (text: string) => say({ kind: 'said', level, text })]),
) as Record<(typeof LOG_LEVELS)[number], (text: string) => void>

const invoker = new Invoker(new Map(functions.map(one => [one.functionKey, one])), log)
const sources = mappings.map(mapping => new EventSource(mapping, settings, invoker, log))

const obey: Record<Order, () => Promise<void>> = {
  async stop() {
    await Promise.all(sources.map(source => source.stop()))
    await invoker.cleanup()
  },
  /** A bundler has rebuilt the functions. */
  reload() {
    const restAll = sources.reduceRight<() => Promise<void>>(
      (change, source) => () => source.between(change),
      () => invoker.cleanup(),
    )
    return restAll()
  },
}

let last = Promise.resolve()
parentPort!.on('message', (order: Order) => {
  last = last.then(obey[order]).then(() => say({ kind: 'obeyed' }))
})
for (const source of sources) source.start()
