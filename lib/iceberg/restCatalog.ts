import type { Catalog, Requirement, TableDefinition, Update } from './catalog.ts'
import {
  AnswerLost,
  CatalogRejected,
  CommitConflict,
  CommitRejected,
  CommitUnknown,
  SequenceTaken,
  TableMissing,
} from './errors.ts'
import type { Json } from './json.ts'
import { type Answer, type CatalogAuth, RestClient } from './restClient.ts'
import { type Table, type TableIdent, tableName } from './table.ts'
import { definitionToWire, metadataFromWire, object, requirementToWire, updateToWire } from './wire.ts'

export type { CatalogAuth } from './restClient.ts'

/** How to reach an Iceberg REST catalog. */
export interface RestCatalogOptions {
  /** Without `/v1`, with or without a slash at the end. */
  readonly uri: string
  readonly warehouse: string
  readonly auth: CatalogAuth
  /** Per request; 30 s by default. */
  readonly timeoutMs?: number
}

/**
 * An Iceberg REST catalog. Nothing is asked of it before the first call. Besides what `Catalog` says, calls throw
 * `CatalogUnavailable` (try again) and `CatalogRejected` (a wrong login or request).
 * https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml
 */
export class RestCatalog implements Catalog {
  readonly #client: RestClient
  readonly #warehouse: string
  #prefix: Promise<string> | undefined

  constructor({ uri, warehouse, auth, timeoutMs = 30_000 }: RestCatalogOptions) {
    this.#client = new RestClient({ uri: `${uri.replace(/\/+$/, '')}/v1`, auth, timeoutMs })
    this.#warehouse = warehouse
  }

  async createNamespace(name: string): Promise<void> {
    const answer = await this.#post('namespaces', { namespace: [name], properties: {} })
    if (!isGood(answer) && answer.status !== 409) throw rejected(`creating namespace ${name}`, answer)
  }

  async createTable(ident: TableIdent, definition: TableDefinition): Promise<Table> {
    const body = definitionToWire(ident.name, definition)
    const answer = await this.#post(`namespaces/${encodeURIComponent(ident.namespace)}/tables`, body)
    if (answer.status === 409) return this.loadTable(ident)
    if (!isGood(answer)) throw rejected(`creating table ${tableName(ident)}`, answer)
    return tableFromAnswer(ident, answer.json)
  }

  async loadTable(ident: TableIdent): Promise<Table> {
    const answer = await this.#client.ask('GET', await this.#tablePath(ident))
    if (answer.status === 404) throw new TableMissing(`no table ${tableName(ident)}: ${answer.message}`)
    if (!isGood(answer)) throw rejected(`loading table ${tableName(ident)}`, answer)
    return tableFromAnswer(ident, answer.json)
  }

  async commit(
    ident: TableIdent,
    requirements: readonly Requirement[],
    updates: readonly Update[],
  ): Promise<Table> {
    const path = await this.#tablePath(ident)
    const body = {
      identifier: { namespace: [ident.namespace], name: ident.name },
      requirements: requirements.map(requirementToWire),
      updates: updates.map(updateToWire),
    }
    const what = `commit to ${tableName(ident)}`
    const answer = await this.#client.submit('POST', path, body).catch(cause => {
      throw cause instanceof AnswerLost
        ? new CommitUnknown(`${what}: no answer; it may have happened`, { cause })
        : cause
    })
    if (isGood(answer)) return committed(ident, what, answer)
    throw commitFailure(ident, what, answer)
  }

  async #post(path: string, body: Json): Promise<Answer> {
    return this.#client.ask('POST', `${await this.#prefixed()}${path}`, body)
  }

  async #tablePath({ namespace, name }: TableIdent): Promise<string> {
    return `${await this.#prefixed()}namespaces/${encodeURIComponent(namespace)}/tables/${encodeURIComponent(name)}`
  }

  /** The catalog says under which path the warehouse lies; asked once, and again after a failure. */
  #prefixed(): Promise<string> {
    this.#prefix ??= this.#askPrefix().catch(error => {
      this.#prefix = undefined
      throw error
    })
    return this.#prefix
  }

  async #askPrefix(): Promise<string> {
    const answer = await this.#client.ask('GET', `config?warehouse=${encodeURIComponent(this.#warehouse)}`)
    if (!isGood(answer)) throw rejected(`configuration of warehouse ${this.#warehouse}`, answer)
    const { defaults, overrides } = object(answer.json, 'catalog configuration')
    const { prefix } = { ...object(defaults ?? {}, 'defaults'), ...object(overrides ?? {}, 'overrides') }
    return typeof prefix === 'string' && prefix !== ''
      ? `${prefix.split('/').map(encodeURIComponent).join('/')}/`
      : ''
  }
}

function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

function rejected(what: string, { status, message }: Answer): CatalogRejected {
  return new CatalogRejected(`${what}: status ${status}: ${message}`)
}

function tableFromAnswer(ident: TableIdent, json: Json | undefined): Table {
  const wire = object(json, `table ${tableName(ident)}`)
  const location = wire['metadata-location']
  const metadata = metadataFromWire(wire.metadata)
  return { ident, metadata, ...(typeof location === 'string' ? { metadataLocation: location } : {}) }
}

/** The commit is done, whatever its answer looks like: an unreadable one must not count as a failure. */
function committed(ident: TableIdent, what: string, { json }: Answer): Table {
  try {
    return tableFromAnswer(ident, json)
  } catch (cause) {
    throw new CommitUnknown(`${what}: an answer that cannot be read; it may have happened`, { cause })
  }
}

function commitFailure(ident: TableIdent, what: string, { status, message }: Answer): Error {
  const text = `${what}: status ${status}: ${message}`
  if (isStaleSequence(message)) return new SequenceTaken(text)
  if (status === 409) return new CommitConflict(text)
  if (status >= 500) return new CommitUnknown(text)
  if (status === 404) return new TableMissing(`no table ${tableName(ident)}: ${message}`)
  return new CommitRejected(text)
}

/**
 * True for a catalog's message that another commit, on any branch, took the snapshot's sequence number.
 * SeaweedFS and Iceberg's own fixture, up to 1.10, answer 400; later ones, and others, 409. https://github.com/apache/iceberg/pull/15126
 */
function isStaleSequence(message: string): boolean {
  return /add snapshot with sequence number \d+,? .*\blast sequence number \d+/i.test(message)
}
