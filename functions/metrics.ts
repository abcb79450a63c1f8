import { httpHandler } from '../lib/lambda/httpHandler.ts'
import { metricRoutes } from '../lib/lambda/metricRoutes.ts'

/** How the pipeline does, for Prometheus; and whether the servers that it needs answer. */
export const handler = httpHandler('metrics', metricRoutes)
