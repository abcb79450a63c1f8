import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('./fixture', import.meta.url))
const SLS = fileURLToPath(new URL('../../../node_modules/serverless/bin/serverless.js', import.meta.url))

/** A real `sls offline start` of the fixture, and the server that its functions ask. */
let offline: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  offline = await start()
})
afterAll(() => offline?.stop())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${offline.url}${path}`, { headers })

describe('a function with reservedConcurrency 2 and 3 that may wait', () => {
  test('is called twice at once; 3 calls wait in line, the sixth is 503 at once', async () => {
    const { asked, allow } = offline
    const answers = []
    const begun: string[] = []
    for (const name of ['a', 'b']) {
      const begins = once(asked, name)
      answers.push(get(`/held?name=${name}`))
      await begins
      begun.push(name)
    }
    for (const name of ['c', 'd', 'e']) asked.once(name, () => begun.push(name))
    const waiting = ['c', 'd', 'e'].map(async name => get(`/held?name=${name}`))
    // One of four is refused once the queue is full; which one depends on their order of arrival.
    const refused = await firstRefused([...waiting, get('/held?name=f')])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toEqual({ message: 'Service Unavailable' })
    expect(begun).toEqual(['a', 'b'])

    allow()
    const all = await Promise.all([...answers, ...waiting])
    const threads = await Promise.all(
      all
        .filter(({ status }) => status === 200)
        .map(async answer => ((await answer.json()) as { threadId: number }).threadId),
    )
    expect(threads.length).toBeGreaterThanOrEqual(4)
    expect(new Set(threads).size).toBe(2)
  })
})

describe('a function that fails is 500, as behind API Gateway, and the next call is answered', () => {
  test.each(['/throws', '/unloadable', '/slow', '/shapeless', '/dies?when=now'])('%s', async path => {
    const answer = await get(path)
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }])
    expect((await get(path)).status).toBe(500)
  })

  test('also when its thread had died', async () => {
    expect((await get('/dies?when=now')).status).toBe(500)
    const [one, other] = [await get('/dies?when=later'), await get('/dies?when=later')]
    expect([one.status, await other.json()]).toEqual([200, await one.json()])
  })

  test("while callers of Lambda's own endpoint get the error itself, also of functions without HTTP", async () => {
    for (const name of ['throws', 'scheduled']) {
      const answer = await offline.invoke(name, {})
      expect(answer.headers.get('x-amz-function-error')).toBe('Unhandled')
      expect(await answer.json()).toMatchObject({ errorMessage: 'broken' })
    }
  })
})

describe('a page of another origin', () => {
  const origin = 'https://other.example'
  const cors = async (path: string) =>
    [...(await get(path, { origin })).headers.keys()].filter(name => name.startsWith('access-control'))

  test('may read what the function says, and nothing else; the function sees the origin', async () => {
    expect(await cors('/free')).toEqual([])
    expect(await cors('/shared')).toEqual(['access-control-allow-origin'])
    expect(await (await get('/free', { origin })).json()).toEqual({ origin })
  })
})

async function firstRefused(answers: readonly Promise<Response>[]): Promise<Response> {
  return Promise.any(
    answers.map(async answer => {
      const response = await answer
      if (response.status !== 503) throw new Error(`${response.status}`)
      return response
    }),
  )
}

async function start() {
  const asked = new EventEmitter()
  const held: ServerResponse[] = []
  let isAllowed = false
  const tests = createServer((request, response) => {
    asked.emit(request.url!.slice(1))
    if (isAllowed) response.end()
    else held.push(response)
  })
  await once(tests.listen(0, '127.0.0.1'), 'listening')
  const [http, lambda] = await freePorts(2)
  const child = spawn(process.execPath, [SLS, 'offline', 'start'], {
    cwd: FIXTURE,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      TEST_URL: `http://127.0.0.1:${(tests.address() as AddressInfo).port}`,
      HTTP_PORT: String(http),
      LAMBDA_PORT: String(lambda),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  let isReady = false
  for await (const line of createInterface(child.stderr)) {
    log += `${line}\n`
    isReady = line.includes('Server ready')
    if (isReady) break
  }
  if (!isReady) throw new Error(`sls offline ended while starting:\n${log}`)
  child.stderr.resume()
  child.stdout.resume()
  return {
    url: `http://127.0.0.1:${http}`,
    asked,
    /** Lets the held calls go on, and all later ones. */
    allow() {
      isAllowed = true
      for (const response of held) response.end()
    },
    invoke: (name: string, event: object) =>
      fetch(`http://127.0.0.1:${lambda}/2015-03-31/functions/http-dev-${name}/invocations`, {
        method: 'POST',
        body: JSON.stringify(event),
      }),
    async stop() {
      tests.closeAllConnections()
      tests.close()
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Free ports; all are open at the same time, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
