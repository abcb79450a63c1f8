import { setTimeout as sleep } from 'node:timers/promises'
import { BasicAuth, type ConnectionOptions, type QueryResult, Trino } from 'trino-client'
import type { TickhouseError } from '../errors.ts'
import type { TrinoSettings } from './client.ts'
import { QueryFailed, QueryTimedOut, TrinoRefused, TrinoUnavailable } from './errors.ts'

/** A single answer may take this long; Trino holds one back for about a second when there is nothing to tell. */
const ANSWER_TIMEOUT_MS = 20_000
const CANCEL_TIMEOUT_MS = 2_000

/** Statuses with which the protocol, or a balancer in front of it, asks for the same request again. */
const TRY_AGAIN_STATUSES = new Set([429, 502, 503, 504])
/** A page of results may be asked for again after a lost answer, so often; a statement may not: it could run twice. */
const LOST_ANSWERS_PER_PAGE = 4
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

interface Request {
  method: 'POST' | 'GET' | 'DELETE'
  url: string
  data?: string
}

/** trino-client's HTTP client, private to its `Trino`: unlike the public `query`, its `request` can be timed out. */
interface Client {
  request(request: Request & { headers: Record<string, string>; signal: AbortSignal }): Promise<QueryResult>
}

/**
 * One statement from its text to its rows. Of trino-client this uses login, TLS, session and headers. Its own
 * iterator loses the rows of an answer without `nextUri`, gives errors as data, and knows no timeout, retry or
 * cancel, so the protocol's loop is here. https://trino.io/docs/current/develop/client-protocol.html
 */
export class Statement {
  readonly #settings: Required<TrinoSettings>
  readonly #client: Client
  readonly #deadlineMs: number
  #queryId: string | undefined
  #nextUri: string | undefined

  /** `deadlineMs`: when it is cancelled, since 1970. */
  constructor(settings: Required<TrinoSettings>, deadlineMs: number) {
    this.#settings = settings
    const trino = Trino.create(connectionOptions(settings)) as unknown as { client: Client }
    this.#client = trino.client
    this.#deadlineMs = deadlineMs
  }

  async rows<Row>(sql: string): Promise<Row[]> {
    const rows: Row[] = []
    try {
      let page = await this.#ask({ method: 'POST', url: '/v1/statement', data: sql })
      for (;;) {
        for (const row of rowsOf<Row>(page)) rows.push(row)
        if (this.#nextUri === undefined) return rows
        page = await this.#ask({ method: 'GET', url: this.#nextUri })
      }
    } catch (error) {
      await this.#cancel()
      throw error
    }
  }

  /** The next page; a failure that Trino reports in it is thrown. */
  async #ask(request: Request): Promise<QueryResult> {
    const page = await this.#requestUntilDeadline(request)
    if (typeof page?.id !== 'string') throw this.#unavailable('it answers something that is not from Trino')
    this.#queryId = page.id
    this.#nextUri = page.nextUri
    if (page.error) throw new QueryFailed(page.id, page.error)
    return page
  }

  async #requestUntilDeadline(request: Request): Promise<QueryResult> {
    let lostAnswers = 0
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const remainingMs = this.#deadlineMs - Date.now()
      if (remainingMs <= 0) throw this.#timedOut()
      try {
        return await this.#request(request, Math.min(remainingMs, ANSWER_TIMEOUT_MS))
      } catch (error) {
        const status = statusOf(error)
        if (status === undefined) lostAnswers++
        const mayRepeat = request.method === 'GET' && lostAnswers <= LOST_ANSWERS_PER_PAGE
        if (Date.now() >= this.#deadlineMs) throw this.#timedOut(error)
        if (status === undefined ? !mayRepeat : !TRY_AGAIN_STATUSES.has(status)) throw this.#failure(error)
      }
      await sleep(Math.max(0, Math.min(pauseMs, this.#deadlineMs - Date.now())))
    }
  }

  #request(request: Request, timeoutMs: number): Promise<QueryResult> {
    return this.#client.request({
      ...request,
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      signal: AbortSignal.timeout(timeoutMs),
    })
  }

  /** Tells Trino that nobody waits any more; without an answer, `query_max_run_time` ends the query there. */
  async #cancel(): Promise<void> {
    const url = this.#nextUri
    this.#nextUri = undefined
    if (url) await this.#request({ method: 'DELETE', url }, CANCEL_TIMEOUT_MS).catch(() => {})
  }

  #failure(error: unknown): TickhouseError {
    const status = statusOf(error)
    if (status === undefined) return this.#unavailable(reasonOf(error), error)
    if (status === 404 || status === 410) {
      return this.#unavailable(
        `it does not know query ${this.#queryId ?? 'URLs'} (HTTP status ${status})`,
        error,
      )
    }
    if (status >= 500) return this.#unavailable(`HTTP status ${status}`, error)
    return new TrinoRefused(this.#settings.url, status, error)
  }

  #unavailable(reason: string, cause?: unknown): TrinoUnavailable {
    return new TrinoUnavailable(this.#settings.url, reason, cause)
  }

  #timedOut(cause?: unknown): QueryTimedOut {
    return new QueryTimedOut(this.#queryId, this.#settings.timeoutMs, cause)
  }
}

function connectionOptions({
  url,
  user,
  password,
  timeoutMs,
  session,
}: Required<TrinoSettings>): ConnectionOptions {
  return {
    server: url,
    source: 'tickhouse',
    // The server's own limit holds when this process dies and can cancel nothing.
    session: { ...session, query_max_run_time: `${Math.ceil(timeoutMs / 1000) + 1}s` },
    extraHeaders: { 'X-Trino-User': user, 'X-Trino-Time-Zone': 'UTC' },
    ...(password === '' ? {} : { auth: new BasicAuth(user, password) }),
  }
}

function rowsOf<Row>({ columns = [], data = [] }: QueryResult): Row[] {
  const names = columns.map(column => column.name)
  return data.map(values => Object.fromEntries(names.map((name, i) => [name, values[i]])) as Row)
}

/** The HTTP status of an answer that is an error; undefined when there was no answer. */
function statusOf(error: unknown): number | undefined {
  return (error as { response?: { status?: number } }).response?.status
}

/** axios says of an aborted request only "canceled". */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return code === 'ERR_CANCELED' ? 'no answer in time' : message || code || String(error)
}
