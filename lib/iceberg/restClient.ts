import { AnswerLost, CatalogUnavailable } from './errors.ts'
import { type Json, parseJson, stringifyJson } from './json.ts'
import { type OAuth2Options, TokenSource } from './tokenSource.ts'
import type { WireObject } from './wire.ts'

/** How a process proves itself to the catalog. */
export type CatalogAuth = { readonly type: 'none' } | ({ readonly type: 'oauth2' } & OAuth2Options)

/** What the catalog answered, of whatever status. */
export interface Answer {
  readonly status: number
  readonly json: Json | undefined
  /** The catalog's own words about an error. */
  readonly message: string
}

interface RestClientOptions {
  /** With `/v1`, without a slash at the end. */
  readonly uri: string
  readonly auth: CatalogAuth
  readonly timeoutMs: number
}

/** Requests to a REST catalog: login, timeouts and JSON, without a notion of tables. */
export class RestClient {
  readonly #uri: string
  readonly #timeoutMs: number
  readonly #tokens: TokenSource | undefined

  constructor({ uri, auth, timeoutMs }: RestClientOptions) {
    this.#uri = uri
    this.#timeoutMs = timeoutMs
    this.#tokens = auth.type === 'oauth2' ? new TokenSource(auth, timeoutMs) : undefined
  }

  /** A request that may be repeated: throws `CatalogUnavailable` without an answer and for statuses 429 and 5xx. */
  async ask(method: string, path: string, body?: Json): Promise<Answer> {
    const answer = await this.submit(method, path, body)
    if (answer.status >= 500 || answer.status === 429)
      throw new CatalogUnavailable(`catalog ${this.#uri}/${path}: status ${answer.status}: ${answer.message}`)
    return answer
  }

  /**
   * A request that may have been carried out although it failed: every status is an answer, none is `AnswerLost`.
   * It is sent a second time only after a 401, with a new token.
   */
  async submit(method: string, path: string, body?: Json): Promise<Answer> {
    const token = await this.#tokens?.token()
    const answer = await this.#send(method, path, body, token)
    if (answer.status !== 401 || !this.#tokens) return answer
    return this.#send(method, path, body, await this.#tokens.token(token))
  }

  async #send(
    method: string,
    path: string,
    body: Json | undefined,
    token: string | undefined,
  ): Promise<Answer> {
    const url = `${this.#uri}/${path}`
    const init = {
      method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: stringifyJson(body) }),
      signal: AbortSignal.timeout(this.#timeoutMs),
    }
    return fetchAnswer(url, init).catch(cause => {
      throw new AnswerLost(`catalog ${url}: ${describe(cause)}`, { cause })
    })
  }
}

async function fetchAnswer(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  const json = parsed(text)
  return { status: response.status, json, message: messageOf(json) ?? text.slice(0, 200) }
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function messageOf(json: Json | undefined): string | undefined {
  const error = json && typeof json === 'object' ? (json as WireObject).error : undefined
  const message = error && typeof error === 'object' ? (error as WireObject).message : undefined
  return typeof message === 'string' ? message : undefined
}

/** `fetch` hides what happened in the cause of its error. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
