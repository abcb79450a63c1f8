import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** What a route answers. */
export interface HttpAnswer {
  /** 200 unless it is said. */
  readonly status?: number
  readonly type: string
  /** Another one whenever the body is another one. Then a client may keep the body, and asks each time whether it still holds. */
  readonly tag?: string
  /** Made only when the client does not have it already. */
  readonly body: string | (() => string | Promise<string>)
}

/**
 * Nothing but this origin's own files: a name that people gave to a symbol can never become code, and no other page
 * can put this one in a frame.
 */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Shorter texts grow when they are compressed, or hardly shrink. */
const WORTH_COMPRESSING_BYTES = 1_000

const compress = promisify(gzip)

/** An answer as API Gateway takes it: compressed where the client reads that, empty where the client has it already. */
export async function httpResponse(
  { headers }: Pick<APIGatewayProxyEventV2, 'headers'>,
  { status = 200, type, tag, body }: HttpAnswer,
): Promise<APIGatewayProxyStructuredResultV2> {
  const etag = tag === undefined ? undefined : `W/"${tag}"`
  const always = { ...SECURITY_HEADERS, ...(etag === undefined ? NOT_KEPT : { ...ASKED_EACH_TIME, etag }) }
  if (etag !== undefined && tagsOf(headers['if-none-match']).includes(etag))
    return { statusCode: 304, headers: always, body: '' }
  const text = typeof body === 'string' ? body : await body()
  const plain = { statusCode: status, headers: { ...always, 'content-type': `${type}; charset=utf-8` } }
  if (text.length < WORTH_COMPRESSING_BYTES || !/\bgzip\b/.test(headers['accept-encoding'] ?? ''))
    return { ...plain, body: text }
  return {
    ...plain,
    headers: { ...plain.headers, 'content-encoding': 'gzip' },
    body: (await compress(text)).toString('base64'),
    isBase64Encoded: true,
  }
}

const NOT_KEPT = { 'cache-control': 'no-store' }
const ASKED_EACH_TIME = { 'cache-control': 'no-cache', vary: 'accept-encoding' }

function tagsOf(ifNoneMatch = ''): string[] {
  return ifNoneMatch.split(',').map(tag => tag.trim())
}
