import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpEvent } from '../requests/httpEvent.ts'
import { acceptsGzip } from './acceptsGzip.ts'

/** A route's answer. */
export interface HttpAnswer {
  /** 200 unless it is said. */
  readonly status?: number
  readonly type: string
  /** A text that changes with the body. With a tag, clients may keep the body, and ask each time whether it has changed. */
  readonly tag?: string
  /** True where the body at this address never changes: clients that keep it need not ask again. */
  readonly isImmutable?: boolean
  /** A function is called only when the client does not have the body. */
  readonly body: string | (() => string | Promise<string>)
  /** Added to the headers of every answer; those of the same name are replaced. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Headers of every answer. The page has a content security policy of its own. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Shorter texts hardly shrink. */
const WORTH_COMPRESSING_BYTES = 1_000

/** Most causes of a 503 are over within seconds. */
const RETRY_AFTER_S = 1

/**
 * Turns an answer into API Gateway's form: compressed where the client accepts that, 304 where the client has the body.
 * https://www.rfc-editor.org/rfc/rfc9110
 */
export async function httpResponse(
  { headers: asked }: Pick<HttpEvent, 'headers'>,
  answer: HttpAnswer,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { status = 200, type, tag, body } = answer
  const headers = { ...SECURITY_HEADERS, ...cachingHeaders(answer), ...retryAfter(status), ...answer.headers }
  const ifNoneMatch = tag === undefined ? undefined : asked['if-none-match']
  const notModified = { statusCode: 304, headers, body: '' }
  if (tagsIn(ifNoneMatch).includes(tag)) return notModified
  const text = typeof body === 'string' ? body : await body()
  // `*` matches any body. There is one only if making it has not thrown.
  if (ifNoneMatch?.trim() === '*') return notModified
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

/** The answer for an error, the same on all routes. The message becomes a sentence. */
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

/** The tags of an `If-None-Match`, without `W/`: they are compared weakly. */
function tagsIn(ifNoneMatch = ''): (string | undefined)[] {
  return [...ifNoneMatch.matchAll(/"([^"]*)"/g)].map(([, opaque]) => opaque)
}

const compress = promisify(gzip)

/** Compressed bodies, for answers that are objects of longer life. */
const kept = new WeakMap<HttpAnswer, Promise<string>>()

/** The compressed text, in base64. */
function compressed(answer: HttpAnswer, text: string): Promise<string> {
  const known = kept.get(answer)
  if (known !== undefined) return known
  const made = compress(text).then(bytes => bytes.toString('base64'))
  kept.set(answer, made)
  return made
}
