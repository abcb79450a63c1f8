import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { within } from '../within.ts'
import type { Connections } from './connect.ts'
import { causeOf, lambdaHandler } from './handler.ts'
import { type HttpAnswer, httpResponse } from './httpResponse.ts'

/** What a route is told of a request. */
export interface HttpRequest {
  readonly query: URLSearchParams
  /** The parts of the path that the route's key names in braces. */
  readonly path: Readonly<Record<string, string | undefined>>
}

export type Route = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

/** By API Gateway's route keys (`GET /candles`): each is an `httpApi` event in `serverless.yml`. */
export type Routes = Readonly<Record<string, Route>>

/** What of API Gateway's event a route depends on. */
export type RouteEvent = Pick<
  APIGatewayProxyEventV2,
  'routeKey' | 'rawQueryString' | 'headers' | 'pathParameters'
> & { readonly requestContext: Pick<APIGatewayProxyEventV2['requestContext'], 'requestId'> }

type Response = APIGatewayProxyStructuredResultV2

/** Kept back of the function's time for the answer itself. */
const TO_ANSWER_MS = 1_000

/**
 * Routes as the handler of a function behind an HTTP API. `open` is called once a process, so that what it makes
 * stays warm.
 */
export function httpHandler(name: string, open: (services: Connections) => Routes) {
  let routes: Routes | undefined
  return lambdaHandler(
    name,
    (services, event, remainingMs) => {
      routes ??= open(services)
      return respond(routes, event as RouteEvent, services.log, remainingMs() - TO_ANSWER_MS)
    },
    {
      event: event => ({ route: (event as RouteEvent | null)?.routeKey }),
      result: ({ statusCode }) => ({ status: statusCode }),
    },
  )
}

/**
 * Runs the event's route. What it throws becomes a JSON error that tells nothing of the inside; that goes to the log.
 * A route that takes longer than it may is answered for, before the function's own time is over.
 */
export async function respond(
  routes: Routes,
  event: RouteEvent,
  log: Log,
  withinMs = 20_000,
): Promise<Response> {
  try {
    return await within(withinMs, run(routes, event))
  } catch (error) {
    return failure(event, error, log)
  }
}

async function run(routes: Routes, event: RouteEvent): Promise<Response> {
  const route = routes[event.routeKey]
  if (route === undefined) return errorResponse(event, 404, 'NOT_FOUND', 'there is nothing here')
  const query = new URLSearchParams(event.rawQueryString)
  return httpResponse(event, await route({ query, path: event.pathParameters ?? {} }))
}

/** Errors that the one who asks can mend; all others are ours. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  UNKNOWN_SYMBOL: 404,
}

async function failure(event: RouteEvent, error: unknown, log: Log): Promise<Response> {
  const known = error instanceof TickhouseError ? error : undefined
  const status = known && STATUS_BY_CODE[known.code]
  if (known && status) return errorResponse(event, status, known.code, known.message)
  const { requestId } = event.requestContext
  const message = error instanceof Error ? error.message : String(error)
  const cause = causeOf(error)
  log.warn('failed', { route: event.routeKey, requestId, code: known?.code, error: message, cause })
  return known?.retryable
    ? errorResponse(event, 503, 'UNAVAILABLE', 'this is not to be had at the moment; try again')
    : errorResponse(
        event,
        500,
        'INTERNAL',
        `something is wrong here; the log says what at request ${requestId}`,
      )
}

function errorResponse(event: RouteEvent, status: number, code: string, message: string): Promise<Response> {
  return httpResponse(event, {
    status,
    type: 'application/json',
    body: JSON.stringify({ error: { code, message } }),
  })
}
