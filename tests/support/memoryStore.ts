import { ObjectMissing } from '../../lib/iceberg/errors.ts'
import type { ObjectStore } from '../../lib/ports.ts'

/** An object store in memory, for tests: keeps its own copies and really refuses what is not there. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>()

  get uris(): string[] {
    return [...this.#objects.keys()]
  }

  async read(uri: string): Promise<Uint8Array> {
    const bytes = this.#objects.get(uri)
    if (!bytes) throw new ObjectMissing(`no object ${uri}`)
    return new Uint8Array(bytes)
  }

  async write(uri: string, bytes: Uint8Array): Promise<void> {
    this.#objects.set(uri, new Uint8Array(bytes))
  }

  async remove(uri: string): Promise<void> {
    this.#objects.delete(uri)
  }
}
