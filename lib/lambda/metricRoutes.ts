import { createHash, timingSafeEqual } from 'node:crypto'
import { checkHealth, type HealthServices } from '../status/checkHealth.ts'
import { samplesOf } from '../status/metrics.ts'
import { type ObserveServices, observe } from '../status/observe.ts'
import type { HttpSettings } from './config.ts'
import type { HttpRequest, Route, Routes } from './http.ts'
import { errorAnswer, type HttpAnswer } from './httpResponse.ts'
import { prometheusText } from './prometheusText.ts'

/** The services and settings of these routes. */
export interface MetricServices extends ObserveServices, HealthServices {
  readonly http: Pick<HttpSettings, 'metrics'>
}

/** Routes for an operator's tools: metrics for Prometheus, and health. Both are guarded by `METRICS_TOKEN`. */
export function metricRoutes(services: MetricServices): Routes {
  const guarded =
    (route: Route): Route =>
    request =>
      refusal(services.http.metrics, request) ?? route(request)
  return {
    'GET /metrics': guarded(async () => ({
      type: 'text/plain; version=0.0.4',
      body: await prometheusText(samplesOf(await observe(services))),
    })),
    'GET /health': guarded(async () => {
      const health = await checkHealth(services)
      const isHealthy = Object.values(health).every(answer => answer === true)
      return { status: isHealthy ? 200 : 503, type: 'application/json', body: JSON.stringify(health) }
    }),
  }
}

/** The answer that refuses a request; undefined for one that is allowed. */
function refusal(
  access: HttpSettings['metrics'],
  { headers: { authorization = '' } }: HttpRequest,
): HttpAnswer | undefined {
  if (access === 'open') return undefined
  if (access === 'closed')
    return errorAnswer(403, 'CLOSED', 'this is closed: METRICS_TOKEN sets the bearer token that opens it')
  const [, sent = ''] = /^bearer +(.*)$/i.exec(authorization) ?? []
  if (isSame(sent, access.token)) return undefined
  return errorAnswer(401, 'UNAUTHORIZED', 'this needs the bearer token that METRICS_TOKEN sets', {
    'www-authenticate': 'Bearer',
  })
}

/** Compares in constant time, so that the time of an answer says nothing of the token. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
