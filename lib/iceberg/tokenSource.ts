import { CatalogRejected, CatalogUnavailable } from './errors.ts'

/** OAuth2 client credentials. */
export interface OAuth2Options {
  /** The token endpoint. */
  readonly tokenUri: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string
}

interface Token {
  readonly text: string
  readonly renewAtMs: number
}

/** Used when the server does not say how long a token lasts. */
const DEFAULT_LIFETIME_S = 300

/** A token is renewed when this share of its life is over. */
const RENEW_AFTER = 0.8

/** One access token at a time, fetched when needed and renewed before it ends. */
export class TokenSource {
  readonly #options: OAuth2Options
  readonly #timeoutMs: number
  #current: Promise<Token> | undefined
  #refused: string | undefined

  constructor(options: OAuth2Options, timeoutMs: number) {
    this.#options = options
    this.#timeoutMs = timeoutMs
  }

  /** A token that should be good; never the one that the server just `refused`. Throws `CatalogRejected` or `CatalogUnavailable`. */
  async token(refused?: string): Promise<string> {
    if (refused !== undefined) this.#refused = refused
    const current = this.#current
    const known = await current
    if (known && known.text !== this.#refused && Date.now() < known.renewAtMs) return known.text
    // Meanwhile another caller may have asked for a new one.
    return this.#current === current ? (await this.#renew()).text : this.token()
  }

  #renew(): Promise<Token> {
    const renewal = this.#fetch().catch(error => {
      if (this.#current === renewal) this.#current = undefined
      throw error
    })
    this.#current = renewal
    return renewal
  }

  async #fetch(): Promise<Token> {
    const { tokenUri, clientId, clientSecret, scope } = this.#options
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope,
    })
    const signal = AbortSignal.timeout(this.#timeoutMs)
    const response: Response = await fetch(tokenUri, { method: 'POST', body, signal }).catch(cause => {
      throw new CatalogUnavailable(`login at ${tokenUri}: no answer`, { cause })
    })
    const answer = await response.json().catch(() => ({}))
    return tokenFrom(tokenUri, response.status, answer as Record<string, unknown>)
  }
}

function tokenFrom(tokenUri: string, status: number, answer: Record<string, unknown>): Token {
  const text = answer.access_token
  if (status >= 500 || status === 429) throw new CatalogUnavailable(`login at ${tokenUri}: status ${status}`)
  if (status >= 400 || typeof text !== 'string')
    throw new CatalogRejected(`login at ${tokenUri}: status ${status}; check client id, secret and scope`)
  const lifetimeS = Number(answer.expires_in ?? DEFAULT_LIFETIME_S)
  return { text, renewAtMs: Date.now() + lifetimeS * 1000 * RENEW_AFTER }
}
