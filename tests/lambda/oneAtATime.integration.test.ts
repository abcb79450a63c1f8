import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('./offline', import.meta.url))
const SLS = fileURLToPath(new URL('../../node_modules/serverless/bin/serverless.js', import.meta.url))

test('under sls offline a call waits for the end of another, also when that is killed', async () => {
  const { url, told } = await listen()
  const invoke = await startOffline(url)

  const begun = once(told, '/begun/first')
  const first = invoke('short', { id: 'first' })
  await begun
  const waits = once(told, '/waits')
  const second = invoke('long', { id: 'second' })
  answer(await waits)
  expect(await invoke('long', { id: 'third' })).toEqual({ skippedBecause: expect.any(String) })

  // Nobody answers the first call: serverless-offline ends its thread when its time is over.
  answer(await once(told, '/begun/second'))
  expect(await second).toEqual({ id: 'second' })
  expect(await first).not.toEqual({ id: 'first' })
})

function answer([response]: unknown[]): void {
  ;(response as ServerResponse).end()
}

/** Emits what the functions tell, by its path, with the response that they wait for. */
async function listen(): Promise<{ url: string; told: EventEmitter }> {
  const told = new EventEmitter()
  const server = createServer((request, response) => told.emit(request.url!, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told }
}

/** Starts the fixture; gives what calls its functions as AWS does. */
async function startOffline(url: string): Promise<(name: string, event: object) => Promise<unknown>> {
  const [http, lambda] = await freePorts(2)
  const ports = { HTTP_PORT: String(http), LAMBDA_PORT: String(lambda) }
  const child = spawn(process.execPath, [SLS, 'offline', 'start'], {
    cwd: FIXTURE,
    env: { ...process.env, NODE_OPTIONS: '', TEST_URL: url, ...ports },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  for await (const line of createInterface(child.stderr)) {
    log += `${line}\n`
    if (line.includes('lambda] listening')) break
  }
  if (child.exitCode !== null) throw new Error(`sls offline ended while starting:\n${log}`)
  child.stderr.resume()
  child.stdout.resume()
  return async (name, event) => {
    const path = `2015-03-31/functions/turns-dev-${name}/invocations`
    const response = await fetch(`http://127.0.0.1:${lambda}/${path}`, {
      method: 'POST',
      body: JSON.stringify(event),
    })
    return response.json()
  }
}

/** Both open at once: so they are not the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
