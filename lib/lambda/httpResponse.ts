import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpEvent } from '../requests/httpEvent.ts'
import { acceptsGzip } from './acceptsGzip.ts'

/** What a route answers. */
export interface HttpAnswer {
  /** 200 unless it is said. */
  readonly status?: number
  readonly type: string
  /** Another one whenever the body is another one. Then a client may keep the body, and asks each time whether it still holds. */
  readonly tag?: string
  /** True where the body never changes under its address: then a client that keeps it does not ask again. */
  readonly isImmutable?: boolean
  /** Made only when the client does not have it already. */
  readonly body: string | (() => string | Promise<string>)
  /** Beside those of every answer, or in their place. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer loads nothing, and no other page can put it in a frame; the page itself allows more. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Shorter texts grow when they are compressed, or hardly shrink. */
const WORTH_COMPRESSING_BYTES = 1_000

/** Most that make an answer impossible pass by within seconds. */
const RETRY_AFTER_S = 1

/**
 * An answer as API Gateway takes it: compressed where the client reads that, empty where the client has it already.
 * https://www.rfc-editor.org/rfc/rfc9110
 */
export async function httpResponse(
  { headers: asked }: Pick<HttpEvent, 'headers'>,
  answer: HttpAnswer,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { status = 200, type, tag, body } = answer
  const headers = { ...SECURITY_HEADERS, ...cachingHeaders(answer), ...retryAfter(status), ...answer.headers }
  const has = tag === undefined ? 'nothing' : whatTheClientHas(asked['if-none-match'], tag)
  if (has === 'this') return { statusCode: 304, headers, body: '' }
  const text = typeof body === 'string' ? body : await body()
  if (has === 'any') return { statusCode: 304, headers, body: '' }
  const plain = { statusCode: status, headers: { ...headers, 'content-type': `${type}; charset=utf-8` } }
  if (text.length < WORTH_COMPRESSING_BYTES || !acceptsGzip(asked['accept-encoding']))
    return { ...plain, body: text }
  return {
    ...plain,
    headers: { ...plain.headers, 'content-encoding': 'gzip' },
    body: await compressed(answer, text),
    isBase64Encoded: true,
  }
}

/** An error as all routes answer it; the message becomes a sentence. Nobody keeps it. */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    type: 'application/json',
    body: JSON.stringify({ error: { code, message: sentence(message) } }),
    headers,
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

function cachingHeaders({ tag, isImmutable = false }: HttpAnswer): Readonly<Record<string, string>> {
  if (tag === undefined) return { 'cache-control': 'no-store' }
  const control = isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache'
  return { 'cache-control': control, etag: `W/"${tag}"`, vary: 'accept-encoding' }
}

function retryAfter(status: number): Readonly<Record<string, string>> {
  return status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}
}

/** `this`: the client names the tag; `any`: it has some body of that address, and `*` says so whichever it is. */
function whatTheClientHas(ifNoneMatch: string | undefined, tag: string): 'this' | 'any' | 'nothing' {
  if (ifNoneMatch === undefined) return 'nothing'
  if (ifNoneMatch.trim() === '*') return 'any'
  // Weak comparison: `W/` in front of a tag makes no difference.
  const known = [...ifNoneMatch.matchAll(/"([^"]*)"/g)].map(([, opaque]) => opaque)
  return known.includes(tag) ? 'this' : 'nothing'
}

const compress = promisify(gzip)

/** Bodies, compressed, of answers that are given many times. */
const kept = new WeakMap<HttpAnswer, Promise<string>>()

/** The compressed text as base64. */
function compressed(answer: HttpAnswer, text: string): Promise<string> {
  const known = kept.get(answer)
  if (known !== undefined) return known
  const made = compress(text).then(bytes => bytes.toString('base64'))
  kept.set(answer, made)
  return made
}
