import { checkHealth, type HealthServices } from '../status/checkHealth.ts'
import { samplesOf } from '../status/metrics.ts'
import { type ObserveServices, observe } from '../status/observe.ts'
import type { Routes } from './http.ts'
import { prometheusText } from './prometheusText.ts'

/** What an operator's tools ask: numbers for Prometheus, and whether everything answers. */
export function metricRoutes(services: ObserveServices & HealthServices): Routes {
  return {
    'GET /metrics': async () => ({
      type: 'text/plain; version=0.0.4',
      body: await prometheusText(samplesOf(await observe(services))),
    }),
    'GET /health': async () => {
      const health = await checkHealth(services)
      const isHealthy = Object.values(health).every(answer => answer === true)
      return { status: isHealthy ? 200 : 503, type: 'application/json', body: JSON.stringify(health) }
    },
  }
}
