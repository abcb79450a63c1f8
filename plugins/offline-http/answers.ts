/** An answer of a function behind HTTP, payload format 2.0. */
export interface HttpResult {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The answer to a call that Lambda would refuse, as too many are running. */
export const BUSY: HttpResult = answer(503, 'Service Unavailable', { 'retry-after': '1' })

/** The answer of API Gateway when a function fails. */
export const FAILED: HttpResult = answer(500, 'Internal Server Error')

function answer(statusCode: number, message: string, headers: Record<string, string> = {}): HttpResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ message }),
  }
}
