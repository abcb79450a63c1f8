import type { ObjectStore } from '../../lib/ports.ts'
import type { SimulatedClock } from './clock.ts'

/** S3 tells when a file was written in whole seconds, rounded down. */
const STORE_STEP_MS = 1_000

/** The store, but its clock is the simulated one: what it lists was written at the latest moment that it may have been. */
export function simulatedStore(store: ObjectStore, clock: SimulatedClock): ObjectStore {
  return {
    read: uri => store.read(uri),
    readRange: (...range) => store.readRange(...range),
    write: (uri, bytes) => store.write(uri, bytes),
    remove: uri => store.remove(uri),
    async *list(prefix) {
      for await (const page of store.list(prefix)) {
        yield page.map(file => ({ ...file, modifiedMs: clock.at(file.modifiedMs + STORE_STEP_MS) }))
      }
    },
  }
}
