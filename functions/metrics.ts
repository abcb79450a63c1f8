import { httpHandler } from '../lib/lambda/httpHandler.ts'
import { metricRoutes } from '../lib/lambda/metricRoutes.ts'

/** Metrics of the pipeline for Prometheus, and the health of the servers that it needs. */
export const handler = httpHandler('metrics', metricRoutes)
