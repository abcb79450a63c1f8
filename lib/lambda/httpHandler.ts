import type { Connections } from './connect.ts'
import { lambdaHandler } from './handler.ts'
import { HTTP_LINE, type Routes, respondTo } from './http.ts'

/**
 * The handler of a function behind an HTTP API. `open` is called once a process: its caches outlive a call. Throws `BadRequest`
 * for an event that is not an HTTP request.
 */
export function httpHandler(name: string, open: (services: Connections) => Routes) {
  let routes: Routes | undefined
  return lambdaHandler(
    name,
    async (services, event, remainingMs) => {
      routes ??= open(services)
      return respondTo(event, routes, services.log, remainingMs(), services.http.corsOrigins)
    },
    HTTP_LINE,
  )
}
