import type { ObjectStore } from '../../lib/ports.ts'

/** A store that knows what was read of it. */
export class CountingStore implements ObjectStore {
  readonly #store: ObjectStore
  /** The data files that were read, in order, each as often as it was. */
  readonly dataFilesRead: string[] = []

  constructor(store: ObjectStore) {
    this.#store = store
  }

  read(uri: string): Promise<Uint8Array> {
    if (uri.endsWith('.parquet')) this.dataFilesRead.push(uri)
    return this.#store.read(uri)
  }

  readRange(uri: string, from: number, to: number): Promise<Uint8Array> {
    if (uri.endsWith('.parquet')) this.dataFilesRead.push(uri)
    return this.#store.readRange(uri, from, to)
  }

  write(uri: string, bytes: Uint8Array): Promise<void> {
    return this.#store.write(uri, bytes)
  }

  remove(uri: string): Promise<void> {
    return this.#store.remove(uri)
  }

  list(prefix: string): ReturnType<ObjectStore['list']> {
    return this.#store.list(prefix)
  }
}
