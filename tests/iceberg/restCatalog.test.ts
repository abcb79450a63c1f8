import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { TickhouseError } from '../../lib/errors.ts'
import {
  CatalogRejected,
  CatalogUnavailable,
  CommitConflict,
  CommitRejected,
  CommitUnknown,
  SequenceTaken,
  TableMissing,
} from '../../lib/iceberg/errors.ts'
import { type CatalogAuth, RestCatalog } from '../../lib/iceberg/restCatalog.ts'

const ident = { namespace: 'weather', name: 'readings' }

const metadata = `{"format-version":2,"table-uuid":"u","location":"s3://w/t/","last-sequence-number":1,
  "last-updated-ms":5,"current-schema-id":0,"schemas":[],"default-spec-id":0,"partition-specs":[],"properties":{},
  "current-snapshot-id":9223372036854775807,"refs":{"main":{"snapshot-id":9223372036854775807,"type":"branch"}},
  "snapshots":[{"snapshot-id":9223372036854775807,"timestamp-ms":5,"manifest-list":"s3://w/t/l","summary":{}}]}`
const tableBody = `{"metadata-location":"s3://w/t/metadata/v1.json","metadata":${metadata}}`

interface Request {
  readonly method: string
  readonly url: string
  readonly token: string | undefined
  readonly body: string
}

/** What a route answers: a status and a body, or nothing at all. */
type Route = (request: Request) => readonly [status: number, body: string] | 'hang' | 'hang up'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
  }
})

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

/** A REST catalog of prefix `lake` that logs people in and answers the rest by `route`. */
async function serve(route: Route, lifetimeS = 3600) {
  const requests: Request[] = []
  let logins = 0
  const server = createServer(async (incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const request = { method, url, token: headers.authorization, body: await textOf(incoming) }
    requests.push(request)
    const answer = url.startsWith('/v1/oauth')
      ? ([200, `{"access_token":"token-${++logins}","expires_in":${lifetimeS}}`] as const)
      : url.startsWith('/v1/config')
        ? ([200, '{"defaults":{},"overrides":{"prefix":"lake"}}'] as const)
        : route(request)
    if (answer === 'hang up') incoming.socket.destroy()
    if (answer === 'hang' || answer === 'hang up') return
    outgoing.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1])
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  servers.push(server)
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const open = (auth: CatalogAuth = { type: 'none' }) =>
    new RestCatalog({ uri: `${uri}/`, warehouse: 's3://w', auth, timeoutMs: 2_000 })
  const tokenUri = `${uri}/v1/oauth/tokens`
  const login = {
    type: 'oauth2',
    tokenUri,
    clientId: 'id',
    clientSecret: 'very-secret',
    scope: 'catalog',
  } as const
  return { open, login, requests, uri, loginCount: () => logins }
}

const tables = (requests: readonly Request[]) => requests.filter(({ url }) => url.includes('/tables/'))

describe('the REST catalog', () => {
  it('asks for the prefix once and gives a table with its 63-bit ids', async () => {
    const { open, requests } = await serve(() => [200, tableBody])
    const catalog = open()
    await catalog.loadTable(ident)
    const table = await catalog.loadTable(ident)
    expect(table.metadata.currentSnapshotId).toBe(2n ** 63n - 1n)
    expect(table.metadata.location).toBe('s3://w/t')
    expect(table.metadataLocation).toBe('s3://w/t/metadata/v1.json')
    expect(requests.map(({ url }) => url)).toEqual([
      '/v1/config?warehouse=s3%3A%2F%2Fw',
      '/v1/lake/namespaces/weather/tables/readings',
      '/v1/lake/namespaces/weather/tables/readings',
    ])
  })

  it.each(['-1', 'null'])('takes a current-snapshot-id of %s for none', async none => {
    const body = tableBody.replace(
      '"current-snapshot-id":9223372036854775807',
      `"current-snapshot-id":${none}`,
    )
    const { open } = await serve(() => [200, body])
    expect((await open().loadTable(ident)).metadata.currentSnapshotId).toBeUndefined()
  })

  it('sends ids as plain numbers and requirements as the protocol has them', async () => {
    const { open, requests } = await serve(() => [200, tableBody])
    const requirement = { type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: null } as const
    const update = { action: 'remove-snapshots', snapshotIds: [2n ** 63n - 1n] } as const
    await open().commit(ident, [requirement], [update])
    expect(requests.at(-1)?.body).toBe(
      '{"identifier":{"namespace":["weather"],"name":"readings"},' +
        '"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null}],' +
        '"updates":[{"action":"remove-snapshots","snapshot-ids":[9223372036854775807]}]}',
    )
  })

  it.each([
    [409, CommitConflict],
    [500, CommitUnknown],
    [502, CommitUnknown],
    [503, CommitUnknown],
    [504, CommitUnknown],
    [400, CommitRejected],
    [403, CommitRejected],
    [404, TableMissing],
  ])('throws for a commit answered with %i what it means, with the catalog’s words', async (status, kind) => {
    const { open, requests } = await serve(() => [status, '{"error":{"message":"its own words"}}'])
    const failure = await open()
      .commit(ident, [], [])
      .catch(error => error)
    expect(failure).toBeInstanceOf(kind)
    expect(failure.message).toContain('its own words')
    expect(tables(requests)).toHaveLength(1)
  })

  it.each([
    [
      400,
      "Failed to apply update: can't add snapshot with sequence number 2, must be > than last sequence number 2",
    ],
    [400, 'Cannot add snapshot with sequence number 2 older than last sequence number 2'],
    [409, 'Commit failed: Cannot add snapshot with sequence number 2 older than last sequence number 2'],
  ])('throws SequenceTaken for a commit answered with %i: %s', async (status, message) => {
    const { open } = await serve(() => [status, JSON.stringify({ error: { message } })])
    await expect(open().commit(ident, [], [])).rejects.toThrow(SequenceTaken)
  })

  it.each(['hang', 'hang up'] as const)(
    'throws CommitUnknown when the server would %s, and asks once',
    async way => {
      const { open, requests } = await serve(() => way)
      await expect(open().commit(ident, [], [])).rejects.toThrow(CommitUnknown)
      expect(tables(requests)).toHaveLength(1)
    },
  )

  it('throws CommitUnknown for a success whose body is cut off', async () => {
    const { open } = await serve(() => [200, tableBody.slice(0, 60)])
    await expect(open().commit(ident, [], [])).rejects.toThrow(CommitUnknown)
  })

  it.each([[503], [429]])(
    'throws CatalogUnavailable, to be tried again, for a load answered with %i',
    async status => {
      const { open } = await serve(() => [status, ''])
      const failure: TickhouseError = await open()
        .loadTable(ident)
        .catch(error => error)
      expect(failure).toBeInstanceOf(CatalogUnavailable)
      expect(failure.retryable).toBe(true)
    },
  )

  it('throws CatalogUnavailable for a load without an answer, and works when the server is back', async () => {
    let away = true
    const { open } = await serve(() => (away ? 'hang' : [200, tableBody]))
    const catalog = open()
    await expect(catalog.loadTable(ident)).rejects.toThrow(CatalogUnavailable)
    away = false
    await catalog.loadTable(ident)
  })

  it('throws TableMissing for 404 and CatalogRejected for 400', async () => {
    const { open } = await serve(({ url }) => (url.includes('none') ? [404, ''] : [400, '']))
    await expect(open().loadTable({ ...ident, name: 'none' })).rejects.toThrow(TableMissing)
    await expect(open().loadTable(ident)).rejects.toThrow(CatalogRejected)
  })

  it('loads a table that another made first, and takes a namespace that is there', async () => {
    const { open, requests } = await serve(({ method }) =>
      method === 'POST' ? [409, '{}'] : [200, tableBody],
    )
    const catalog = open()
    await catalog.createNamespace('weather')
    const definition = {
      schema: { schemaId: 0, fields: [] },
      spec: { specId: 0, fields: [] },
      properties: {},
    }
    await catalog.createTable(ident, definition)
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET'])
  })
})

describe('its login', () => {
  it('is made once for 20 calls, 10 of them at the same time', async () => {
    const { open, login, loginCount, requests } = await serve(() => [200, tableBody])
    const catalog = open(login)
    await Promise.all(Array.from({ length: 10 }, () => catalog.loadTable(ident)))
    for (let i = 0; i < 10; i++) await catalog.loadTable(ident)
    expect(loginCount()).toBe(1)
    expect(requests.at(-1)?.token).toBe('Bearer token-1')
    expect(requests[0]?.body).toBe(
      'grant_type=client_credentials&client_id=id&client_secret=very-secret&scope=catalog',
    )
  })

  it('is renewed when a token’s time is nearly over', async () => {
    const { open, login, loginCount } = await serve(() => [200, tableBody], 0)
    const catalog = open(login)
    await catalog.loadTable(ident)
    await catalog.loadTable(ident)
    expect(loginCount()).toBeGreaterThan(1)
  })

  it('is renewed once after a 401, and the commit then goes through', async () => {
    const { open, login, requests } = await serve(({ token }) =>
      token === 'Bearer token-1' ? [401, '{}'] : [200, tableBody],
    )
    await open(login).commit(ident, [], [])
    expect(tables(requests).map(({ token }) => token)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('ends after the second 401, with neither token nor secret in the message', async () => {
    const { open, login, requests } = await serve(() => [401, '{"error":{"message":"no"}}'])
    const failure = await open(login)
      .loadTable(ident)
      .catch(error => error)
    expect(failure).toBeInstanceOf(CatalogRejected)
    expect(`${failure.message} ${failure.cause}`).not.toMatch(/token-|very-secret/)
    expect(tables(requests)).toHaveLength(2)
  })

  it('of a wrong secret is CatalogRejected, of a login server that is away CatalogUnavailable', async () => {
    const { open, login, uri } = await serve(() => [200, tableBody])
    const wrong = open({ ...login, tokenUri: `${uri}/v1/config-is-no-login` })
    await expect(wrong.commit(ident, [], [])).rejects.toThrow(CatalogRejected)
    const away = open({ ...login, tokenUri: 'http://127.0.0.1:9/' })
    await expect(away.commit(ident, [], [])).rejects.toThrow(CatalogUnavailable)
  })
})
