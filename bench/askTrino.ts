interface Page {
  readonly nextUri?: string
  readonly columns?: readonly { readonly name: string; readonly type: string }[]
  readonly data?: readonly unknown[][]
  readonly error?: { readonly message: string }
  readonly stats: ReadStats
}

/** What a statement has read, all its tables together. */
export interface ReadStats {
  readonly processedRows: number
  readonly physicalInputBytes: number
  /** About as many as files, or parts of large ones. */
  readonly totalSplits: number
}

/** An answer of Trino's as it gives it: with the types of its columns, and what was read for it. */
export interface PlainAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly unknown[][]
  readonly stats: ReadStats
}

/** Asks Trino by its own protocol, as any client would. https://trino.io/docs/476/develop/client-protocol.html */
export async function askTrino(url: string, sql: string): Promise<PlainAnswer> {
  const headers = { 'X-Trino-User': 'asker', 'X-Trino-Time-Zone': 'UTC' }
  const rows: unknown[][] = []
  let columns: Page['columns']
  let page = await load(`${url}/v1/statement`, { method: 'POST', body: sql, headers })
  for (;;) {
    if (page.error) throw new Error(`${page.error.message}\n${sql}`)
    columns ??= page.columns
    rows.push(...(page.data ?? []))
    if (page.nextUri === undefined) return { columns: columns ?? [], rows, stats: page.stats }
    page = await load(page.nextUri, { headers })
  }
}

async function load(url: string, init: RequestInit): Promise<Page> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return (await response.json()) as Page
}
