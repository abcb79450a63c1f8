import type { Offsets } from './kafka.ts'

/** Up to where a snapshot has the topic, as its summary says. */
export interface Vector {
  readonly epoch: number
  /** Next offsets of that epoch. */
  readonly next: Offsets
}

/** One snapshot; those of other engines say nothing of offsets. */
export interface HistoryEntry {
  readonly id: string
  readonly vector: Vector | undefined
}

/** What the current snapshot of the ticks table, or its nearest ancestor, says of itself. */
export interface TableState extends Vector {
  readonly totals: {
    readonly ticks: number
    readonly late: number
    readonly lost: number
    readonly deadLetters: Readonly<Record<string, number>>
  }
  /** Snapshots from the current one back, as the catalog still lists them. */
  readonly history: readonly HistoryEntry[]
}

interface WireSnapshot {
  'snapshot-id': string
  'parent-snapshot-id'?: string
  summary: Record<string, string>
}

/** Reads the ticks table's metadata from the catalog by plain HTTP. */
export class TableStateReader {
  readonly #env: Readonly<Record<string, string>>
  #token: string | undefined

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
  }

  async read(): Promise<TableState> {
    const response = await this.#ask()
    const text = (await response.text()).replace(/([:[,]\s*)(\d{16,})/g, '$1"$2"')
    const { metadata } = JSON.parse(text)
    const byId = new Map(
      (metadata.snapshots as WireSnapshot[]).map(each => [String(each['snapshot-id']), each]),
    )
    const history: WireSnapshot[] = []
    for (
      let snapshot = byId.get(String(metadata['current-snapshot-id']));
      snapshot;
      snapshot = byId.get(String(snapshot['parent-snapshot-id']))
    )
      history.push(snapshot)
    return stateOf(history)
  }

  async #ask(): Promise<Response> {
    this.#token ??= await this.#login()
    const response = await fetch(
      `${this.#env.ICEBERG_URI}/v1/warehouse/namespaces/market_data/tables/stock_ticks`,
      {
        headers: { authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(10_000),
      },
    )
    if (response.ok) return response
    this.#token = undefined
    throw new Error(`the catalog answers ${response.status}`)
  }

  async #login(): Promise<string> {
    const response = await fetch(this.#env.ICEBERG_OAUTH2_URI!, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: this.#env.ICEBERG_CLIENT_ID!,
        client_secret: this.#env.ICEBERG_CLIENT_SECRET!,
        scope: this.#env.ICEBERG_SCOPE!,
      }),
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`the catalog's login answers ${response.status}`)
    return ((await response.json()) as { access_token: string }).access_token
  }
}

function stateOf(snapshots: readonly WireSnapshot[]): TableState {
  const history = snapshots.map(({ 'snapshot-id': id, summary }) => ({ id, vector: vectorOf(summary) }))
  const vector = history.find(entry => entry.vector)?.vector
  if (vector === undefined) throw new Error('no snapshot in the history of the ticks table has a vector')
  const totals = snapshots.find(({ summary }) => summary['tickhouse.totals'])!.summary['tickhouse.totals']!
  return { ...vector, totals: JSON.parse(totals), history }
}

function vectorOf({ 'tickhouse.vector': text }: Record<string, string>): Vector | undefined {
  if (text === undefined) return undefined
  const { epoch, positions } = JSON.parse(text)
  const present = (positions as [number, number, number][]).filter(([of]) => of === epoch)
  return { epoch, next: new Map(present.map(([, partition, next]) => [partition, next])) }
}
