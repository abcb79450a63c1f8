import type { Catalog } from '../../../lib/iceberg/catalog.ts'
import { StoreUnavailable } from '../../../lib/iceberg/errors.ts'
import { KafkaUnavailable } from '../../../lib/kafka/errors.ts'
import type { ObjectStore, Query, TopicLog } from '../../../lib/ports.ts'
import type { Random } from '../../faults/random.ts'
import { type CommitFault, faultyCatalog } from '../../support/faultyCatalog.ts'
import type { Turns } from './turns.ts'
import type { VirtualTime } from './virtualTime.ts'
import { must } from './wrong.ts'

/** What a call reaches the outside by. */
export interface Ports {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly topicLog: TopicLog
  readonly query: Query
}

/** What goes wrong in a call. */
export interface Harm {
  /** The call ends as it is about to use a port for this time, from 1. */
  readonly killedAt?: number
  /** Whatever it asks for at this time fails, once. */
  readonly failsAt?: number
  /** Kafka does not answer it. */
  readonly lacksKafka?: boolean
  /** A commit that it ends at arrives all the same. */
  readonly commitArrives?: boolean
  /** How its commits fare, one after the other. */
  readonly commits?: readonly CommitFault[]
}

/** The function's process was ended. */
export class Killed extends Error {
  constructor() {
    super('killed')
  }
}

interface Needs {
  readonly ports: Ports
  readonly time: VirtualTime
  readonly turns: Turns
}

/** A process that is warm: what it knows of files, it knows by their store. One call at a time is in it. */
export class Process {
  readonly store: ObjectStore
  enter: () => Promise<void> = async () => {}

  constructor(store: ObjectStore) {
    this.store = storeThrough(store, () => this.enter())
  }
}

/** The longest that one use of a port takes, milliseconds. */
const LONGEST_MS = 6
/** No call uses its ports so often: one that does would never end. */
const MAX_USES = 60_000

/** The ports of one call: each use takes time, waits for the call's turn, and may be the one at which the call ends. */
export function portsOfCall(
  { ports, time, turns }: Needs,
  process: Process,
  random: Random,
  harm: Harm = {},
): Ports {
  const { killedAt = Number.POSITIVE_INFINITY, failsAt, lacksKafka = false } = harm
  const { commits = [], commitArrives = false } = harm
  const caller = {}
  let uses = 0
  const enter = async () => {
    if (++uses < killedAt) await turns.take(caller)
    if (uses >= killedAt) throw new Killed()
    if (uses === failsAt) throw new StoreUnavailable('it is overloaded')
    must(uses < MAX_USES, 'a call ends', () => `it has used its ports ${uses} times`)
    time.pass(random.int(0, LONGEST_MS))
  }
  process.enter = enter
  const catalog: Catalog = {
    createNamespace: name => ports.catalog.createNamespace(name),
    createTable: (ident, definition) => ports.catalog.createTable(ident, definition),
    async loadTable(ident) {
      await enter()
      return ports.catalog.loadTable(ident)
    },
    async commit(...commit) {
      const isLast = uses + 1 === killedAt
      if (isLast && commitArrives) await ports.catalog.commit(...commit).catch(() => {})
      await enter()
      return ports.catalog.commit(...commit)
    },
  }
  return {
    catalog: faultyCatalog(catalog, ...commits),
    store: process.store,
    topicLog: logThrough(ports.topicLog, async () => {
      await enter()
      if (lacksKafka) throw new KafkaUnavailable('the topic is read', new Error('it is away'))
    }),
    query: {
      async rows(sql, options) {
        await enter()
        return ports.query.rows(sql, options)
      },
    },
  }
}

function storeThrough(store: ObjectStore, enter: () => Promise<void>): ObjectStore {
  return {
    async read(uri) {
      await enter()
      return store.read(uri)
    },
    async readRange(...range) {
      await enter()
      return store.readRange(...range)
    },
    async write(uri, bytes) {
      await enter()
      return store.write(uri, bytes)
    },
    async remove(uri) {
      await enter()
      return store.remove(uri)
    },
    async *list(prefix) {
      await enter()
      yield* store.list(prefix)
    },
  }
}

function logThrough(log: TopicLog, enter: () => Promise<void>): TopicLog {
  return {
    async topicId(topic) {
      await enter()
      return log.topicId(topic)
    },
    async groupOffsets(...group) {
      await enter()
      return log.groupOffsets(...group)
    },
    async offsets(topic) {
      await enter()
      return log.offsets(topic)
    },
    async firstFrom(...place) {
      await enter()
      return log.firstFrom(...place)
    },
    async isCompacted(topic) {
      await enter()
      return log.isCompacted(topic)
    },
    async unseen(...stretch) {
      await enter()
      return log.unseen(...stretch)
    },
    async last(...place) {
      await enter()
      return log.last(...place)
    },
    async *records(...stretch) {
      await enter()
      yield* log.records(...stretch)
    },
  }
}
