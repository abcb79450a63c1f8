import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundlePage } from '../../bundlePage.ts'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import { type Routes, respond } from '../../lib/lambda/http.ts'
import { pageRoutes } from '../../lib/lambda/pageRoutes.ts'
import type { Log } from '../../lib/ports.ts'
import type { CandleArchive } from '../../lib/query/candleArchive.ts'
import type { HttpEvent } from '../../lib/requests/httpEvent.ts'

/** The functions' own routes on a port of the loopback interface, over any archive: no server of the sandbox is needed. */
export class Host {
  readonly url: string
  readonly warnings: Readonly<Record<string, unknown>>[]
  readonly stop: () => Promise<void>

  private constructor(url: string, warnings: Host['warnings'], stop: Host['stop']) {
    this.url = url
    this.warnings = warnings
    this.stop = stop
  }

  /** `port` 0: any that is free. */
  static async start(archive: CandleArchive, port = 0): Promise<Host> {
    const routes = { ...pageRoutes(await bundlePage()), ...candleRoutes(archive) }
    const warnings: Host['warnings'] = []
    const log: Log = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_, fields = {}) => void warnings.push(fields),
    }
    const server = createServer((request, response) => void serve(routes, log, request, response))
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    const { port: found } = server.address() as AddressInfo
    return new Host(`http://127.0.0.1:${found}/`, warnings, async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
  }
}

/** Answers a request through the routes. */
export async function serve(
  routes: Routes,
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { statusCode, headers, body = '', isBase64Encoded } = await respond(routes, eventOf(request), log)
  response.writeHead(statusCode!, headers as Record<string, string>)
  response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'))
}

/** As API Gateway makes it of a request. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export function eventOf({ method = 'GET', url = '/', headers = {} }: Partial<IncomingMessage>): HttpEvent {
  const [path = '/', query = ''] = url.split('?')
  const file = /^\/page\/([^/]+)$/.exec(path)?.[1]
  return {
    routeKey: `ANY ${file === undefined ? path : '/page/{file}'}`,
    rawQueryString: query,
    headers: headers as Record<string, string>,
    ...(file !== undefined && { pathParameters: { file } }),
    requestContext: { requestId: 'a-request', http: { method } },
  }
}
