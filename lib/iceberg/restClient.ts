import { CatalogUnavailable } from './errors.ts'
import { type Json, parseJson, stringifyJson } from './json.ts'
import { type OAuth2Options, TokenSource } from './tokenSource.ts'
import type { WireObject } from './wire.ts'

/** How a process proves itself to the catalog. */
export type CatalogAuth = { readonly type: 'none' } | ({ readonly type: 'oauth2' } & OAuth2Options)

/** What the catalog answered, of whatever status below 500 (or any, where the caller takes failures itself). */
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

  /**
   * One request; a second one only after a 401, with a new token. Without `onLost`, no answer and statuses 429 and
   * 5xx throw `CatalogUnavailable`; with it, a lost answer goes there and every status is an answer.
   */
  async ask(method: string, path: string, body?: Json, onLost?: (cause: unknown) => never): Promise<Answer> {
    const token = await this.#tokens?.token()
    const answer = await this.#send(method, path, body, token, onLost)
    if (answer.status !== 401 || !this.#tokens) return answer
    return this.#send(method, path, body, await this.#tokens.token(token), onLost)
  }

  async #send(
    method: string,
    path: string,
    body: Json | undefined,
    token: string | undefined,
    onLost?: (cause: unknown) => never,
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
    const unavailable = (cause: unknown): never => {
      throw new CatalogUnavailable(`catalog ${url}: ${describe(cause)}`, { cause })
    }
    const answer = await fetchAnswer(url, init).catch(onLost ?? unavailable)
    if (onLost === undefined && (answer.status >= 500 || answer.status === 429))
      throw new CatalogUnavailable(`catalog ${url}: status ${answer.status}: ${answer.message}`)
    return answer
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
