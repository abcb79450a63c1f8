import { createHash, timingSafeEqual } from 'node:crypto'
import { checkHealth, type HealthServices } from '../status/checkHealth.ts'
import { samplesOf } from '../status/metrics.ts'
import { type ObserveServices, observe } from '../status/observe.ts'
import type { HttpSettings } from './config.ts'
import type { HttpRequest, Route, Routes } from './http.ts'
import { errorAnswer, type HttpAnswer } from './httpResponse.ts'
import { prometheusText } from './prometheusText.ts'

/** What of the settings these routes need. */
export interface MetricServices extends ObserveServices, HealthServices {
  readonly http: Pick<HttpSettings, 'metrics'>
}

/** What an operator's tools ask: numbers for Prometheus, and whether everything answers. Not for everybody. */
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

/** The answer to one who may not know; undefined for one who may. */
function refusal(
  access: HttpSettings['metrics'],
  { headers: { authorization = '' } }: HttpRequest,
): HttpAnswer | undefined {
  if (access === 'open') return undefined
  if (access === 'closed')
    return errorAnswer(403, 'CLOSED', 'this is closed: METRICS_TOKEN sets the bearer token that opens it')
  if (isSame(authorization, `Bearer ${access.token}`)) return undefined
  return errorAnswer(401, 'UNAUTHORIZED', 'this needs the bearer token that METRICS_TOKEN sets', {
    'www-authenticate': 'Bearer',
  })
}

/** Takes as long for a text that differs in its first letter as for one that differs in its last. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}
