import { z } from 'zod'
import { readRequest } from './request.ts'

const TEXTS = z.record(z.string(), z.string().optional())

const HTTP_EVENT = z.object({
  /** Such as `ANY /candles`; `$default` where no other route fits. */
  routeKey: z.string(),
  rawQueryString: z.string(),
  /** By name in lower case. */
  headers: TEXTS,
  pathParameters: TEXTS.nullish(),
  requestContext: z.object({ requestId: z.string(), http: z.object({ method: z.string() }) }),
})

/** The parts of API Gateway's event that are used here. */
export type HttpEvent = z.output<typeof HTTP_EVENT>

/**
 * Reads an event of an HTTP API, payload format 2.0. Throws `BadRequest`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpEvent(event: unknown): HttpEvent {
  return readRequest(
    HTTP_EVENT,
    event,
    'an HTTP request as API Gateway sends it, such as events/candles.http.json',
  )
}
