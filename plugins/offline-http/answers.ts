/** What a function behind HTTP answers. */
export interface HttpResult {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** For a call that Lambda would refuse, because too many are at work. */
export const BUSY: HttpResult = answer(503, 'Service Unavailable', { 'retry-after': '1' })

/** As API Gateway answers when a function fails, in whatever way. */
export const FAILED: HttpResult = answer(500, 'Internal Server Error')

function answer(statusCode: number, message: string, headers: Record<string, string> = {}): HttpResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ message }),
  }
}
