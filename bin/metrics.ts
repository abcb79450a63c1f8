import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { respond } from '../lib/lambda/http.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { metricRoutes } from '../lib/lambda/metricRoutes.ts'

const USAGE = `node bin/metrics.ts PORT [HOST]

Serves what the function \`metrics\` answers, GET /metrics and GET /health, on a port of its own: for a Prometheus that
cannot reach the functions, such as one in a container beside \`sls offline\`. HOST is 127.0.0.1 unless it is said.
Of what: the same environment variables as the functions (lib/lambda/config.ts).`

const [port, host = '127.0.0.1'] = process.argv.slice(2)
if (port === undefined || !/^\d{1,5}$/.test(port)) {
  console.log(USAGE)
  process.exit(port === '--help' ? 0 : 2)
}

const log = jsonLines({ function: 'metrics' })
const services = connect(readConfig(), log)
const routes = metricRoutes(services)

const server = createServer(async ({ method = 'GET', url = '/', headers: { authorization } }, response) => {
  const request = {
    routeKey: `ANY ${url.split('?')[0]}`,
    headers: { authorization },
    rawQueryString: '',
    requestContext: { requestId: randomUUID(), http: { method } },
  }
  const { statusCode, headers, body } = await respond(routes, request, log)
  response.writeHead(statusCode ?? 500, headers as Record<string, string>).end(body)
})
server.listen(Number(port), host, () => log.info('listening', { host, port: Number(port) }))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close()
    await services.close()
  })
}
