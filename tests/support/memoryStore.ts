import { ObjectMissing, UnreadableFile } from '../../lib/iceberg/errors.ts'
import type { ObjectStore, StoredFile } from '../../lib/ports.ts'

interface Stored {
  readonly bytes: Uint8Array
  readonly modifiedMs: number
}

const PAGE_FILES = 1_000

/** An object store in memory, for tests: keeps its own copies and really refuses what is not there. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Stored>()
  readonly #nowMs: () => number

  constructor({ nowMs = Date.now } = {}) {
    this.#nowMs = nowMs
  }

  get uris(): string[] {
    return [...this.#objects.keys()]
  }

  async read(uri: string): Promise<Uint8Array> {
    const stored = this.#objects.get(uri)
    if (!stored) throw new ObjectMissing(`no object ${uri}`)
    return new Uint8Array(stored.bytes)
  }

  async readRange(uri: string, from: number, to: number): Promise<Uint8Array> {
    const bytes = await this.read(uri)
    if (to > bytes.length) throw new UnreadableFile(`${uri} has ${bytes.length} bytes`)
    return bytes.slice(from, to)
  }

  async write(uri: string, bytes: Uint8Array): Promise<void> {
    this.#objects.set(uri, { bytes: new Uint8Array(bytes), modifiedMs: this.#nowMs() })
  }

  async remove(uri: string): Promise<void> {
    this.#objects.delete(uri)
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredFile[]> {
    const uris = this.uris.filter(uri => uri.startsWith(prefix)).sort()
    while (uris.length > 0) yield uris.splice(0, PAGE_FILES).flatMap(uri => this.#describe(uri))
  }

  /** Nothing, for one that was removed since the listing began. */
  #describe(uri: string): StoredFile[] {
    const stored = this.#objects.get(uri)
    return stored ? [{ uri, sizeBytes: stored.bytes.length, modifiedMs: stored.modifiedMs }] : []
  }
}
