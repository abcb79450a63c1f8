import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { type HttpEvent, httpEvent } from '../requests/httpEvent.ts'
import { within } from '../within.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { errorAnswer, type HttpAnswer, httpResponse } from './httpResponse.ts'
import { causeOf, type LogLine } from './logged.ts'

/** A request as a route gets it. */
export interface HttpRequest {
  readonly query: URLSearchParams
  /** The parts of the path that the route's key names in braces. */
  readonly path: Readonly<Record<string, string | undefined>>
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

export type Route = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

/** Routes by method and path (`GET /candles`). In `serverless.yml` each path is an `httpApi` event of any method. */
export type Routes = Readonly<Record<string, Route>>

export interface RespondOptions {
  /** The time after which a request is answered with 503, though its route has not ended. */
  readonly withinMs?: number
  /** Origins whose pages may read the answers; `*` stands for all. */
  readonly corsOrigins?: readonly string[]
}

type Response = APIGatewayProxyStructuredResultV2

/** The part of the function's time that is kept for sending the answer. */
const TO_ANSWER_MS = 1_000

/** Answers Lambda's event within `remainingMs`. Throws `BadRequest` for an event that is not an HTTP request. */
export async function respondTo(
  event: unknown,
  routes: Routes,
  log: Log,
  remainingMs: number,
  corsOrigins: readonly string[] = [],
): Promise<Response> {
  return respond(routes, httpEvent(event), log, { withinMs: remainingMs - TO_ANSWER_MS, corsOrigins })
}

/** The log line of a request: its route and status, without the answer. */
export const HTTP_LINE: LogLine<Response> = {
  event: event => ({ route: routeOf(event) }),
  result: ({ statusCode }) => ({ status: statusCode }),
}

/** The route for the log, of any event. */
function routeOf(event: unknown): string | undefined {
  const { routeKey, requestContext } = (event ?? {}) as Partial<HttpEvent>
  const path = pathOf(routeKey)
  return path === undefined ? routeKey : `${requestContext?.http?.method} ${path}`
}

/** The path of a key such as `ANY /candles`; undefined for `$default`. */
function pathOf(routeKey: string | undefined): string | undefined {
  return typeof routeKey === 'string' ? routeKey.split(' ')[1] : undefined
}

/**
 * Runs the event's route. An error that it throws becomes a JSON answer without internals; these go to the log. A route that
 * takes too long is answered with 503, before the function's own time is over.
 */
export async function respond(
  routes: Routes,
  event: HttpEvent,
  log: Log,
  { withinMs = 20_000, corsOrigins = [] }: RespondOptions = {},
): Promise<Response> {
  const response = await answered(routes, event, log, withinMs, corsOrigins)
  const { vary: varyByOrigin, ...cors } = corsHeaders(corsOrigins, event.headers.origin)
  const vary = [response.headers?.vary, varyByOrigin].filter(Boolean).join(', ')
  const headers = { ...response.headers, ...cors, ...(vary === '' ? {} : { vary }) }
  const isHead = event.requestContext.http.method === 'HEAD'
  return isHead ? { statusCode: response.statusCode!, headers, body: '' } : { ...response, headers }
}

async function answered(
  routes: Routes,
  event: HttpEvent,
  log: Log,
  withinMs: number,
  corsOrigins: readonly string[],
): Promise<Response> {
  try {
    return await within(withinMs, run(routes, event, corsOrigins))
  } catch (error) {
    return httpResponse(event, failure(event, error, log))
  }
}

async function run(routes: Routes, event: HttpEvent, corsOrigins: readonly string[]): Promise<Response> {
  const { method } = event.requestContext.http
  const path = pathOf(event.routeKey)
  const allowed = methodsOf(routes, path)
  if (allowed === undefined) throw new NotFound()
  if (method === 'OPTIONS') {
    return {
      statusCode: 204,
      headers: { allow: allowed, ...preflightHeaders(corsOrigins, event.headers.origin, allowed) },
    }
  }
  const route = routes[`${method === 'HEAD' ? 'GET' : method} ${path}`]
  if (route === undefined) {
    const message = `${path} takes ${allowed}, not ${method}`
    return httpResponse(event, errorAnswer(405, 'METHOD_NOT_ALLOWED', message, { allow: allowed }))
  }
  const query = new URLSearchParams(event.rawQueryString)
  const { pathParameters, headers } = event
  return httpResponse(event, await route({ query, path: pathParameters ?? {}, headers }))
}

/** The methods that the path allows, as `Allow` lists them; undefined for an unknown path. */
function methodsOf(routes: Routes, path: string | undefined): string | undefined {
  const methods = Object.keys(routes)
    .filter(key => pathOf(key) === path)
    .map(key => key.split(' ')[0]!)
  if (methods.length === 0) return undefined
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}

/** Status by error code, for errors of the client; all other errors are ours. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  UNKNOWN_SYMBOL: 404,
}

function failure(event: HttpEvent, error: unknown, log: Log): HttpAnswer {
  const known = error instanceof TickhouseError ? error : undefined
  const status = known && STATUS_BY_CODE[known.code]
  if (known && status) return errorAnswer(status, known.code, known.message)
  const { requestId } = event.requestContext
  const message = error instanceof Error ? error.message : String(error)
  const cause = causeOf(error)
  log.warn('failed', { route: routeOf(event), requestId, code: known?.code, error: message, cause })
  return known?.retryable
    ? errorAnswer(503, 'UNAVAILABLE', 'this is not to be had at the moment; try again')
    : errorAnswer(500, 'INTERNAL', `something is wrong here; the log says what at request ${requestId}`)
}

/** The address is unknown. */
export class NotFound extends TickhouseError {
  constructor() {
    super('NOT_FOUND', 'there is nothing at this address')
  }
}
