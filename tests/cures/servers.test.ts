import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { RestCatalog } from '../../lib/iceberg/restCatalog.ts'
import { S3Store } from '../../lib/iceberg/s3Store.ts'
import { TrinoQuery } from '../../lib/trino/client.ts'
import { TookTooLong, within } from '../../lib/within.ts'

type Answer = readonly [status: number, body: string]

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
  }
})

/** A server that answers with `answer`; returns its address. */
async function serve(answer: (request: IncomingMessage, body: string) => Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const [status, text] = answer(request, body)
    const type = text.startsWith('<') ? 'application/xml' : 'application/json'
    response.writeHead(status, { 'content-type': type }).end(text)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const IDENT = { namespace: 'weather', name: 'readings' }
const TABLE = JSON.stringify({
  metadata: {
    'format-version': 2,
    'table-uuid': 'u',
    location: 's3://w/t',
    'last-sequence-number': 0,
    'last-updated-ms': 5,
    'current-schema-id': 0,
    schemas: [],
    'default-spec-id': 0,
    'partition-specs': [],
    properties: {},
    'current-snapshot-id': -1,
    refs: {},
    snapshots: [],
  },
})

/** A catalog with a login that succeeds; then `route` answers. */
function serveCatalog(route: () => Answer): Promise<string> {
  return serve(({ url = '', headers }, body) => {
    if (url.startsWith('/v1/oauth'))
      return body.includes('client_secret=right')
        ? [200, '{"access_token":"in","expires_in":3600}']
        : [401, '{}']
    if (headers.authorization !== 'Bearer in') return [401, '{}']
    return url.startsWith('/v1/config') ? [200, '{"defaults":{},"overrides":{}}'] : route()
  })
}

function openCatalog(uri: string, clientSecret: string): RestCatalog {
  const tokenUri = `${uri}/v1/oauth/tokens`
  const auth = { type: 'oauth2', tokenUri, clientId: 'id', clientSecret, scope: 'catalog' } as const
  return new RestCatalog({ uri, warehouse: 's3://w', auth, timeoutMs: 2_000 })
}

test('CATALOG_REJECTED goes with the right secret', async () => {
  const uri = await serveCatalog(() => [200, TABLE])
  const refused = openCatalog(uri, 'wrong').loadTable(IDENT)
  await expect(refused).rejects.toMatchObject({ code: 'CATALOG_REJECTED', retryable: false })
  expect((await openCatalog(uri, 'right').loadTable(IDENT)).metadata.tableUuid).toBe('u')
})

test('COMMIT_REJECTED has the catalog’s words, and goes with what they ask for', async () => {
  let isFrozen = true
  const uri = await serveCatalog(() =>
    isFrozen ? [400, '{"error":{"message":"the table is frozen","code":400}}'] : [200, TABLE],
  )
  const catalog = openCatalog(uri, 'right')
  await expect(catalog.commit(IDENT, [], [])).rejects.toMatchObject({
    code: 'COMMIT_REJECTED',
    retryable: false,
    message: expect.stringContaining('the table is frozen'),
  })
  isFrozen = false
  expect((await catalog.commit(IDENT, [], [])).metadata.tableUuid).toBe('u')
})

test.each([
  ['key', { accessKeyId: 'wrong', bucket: 'lake' }],
  ['bucket', { accessKeyId: 'right', bucket: 'lakes' }],
])('STORE_REJECTED goes with the right %s', async (_, { accessKeyId, bucket }) => {
  const endpoint = await serve(({ url = '', headers }) => {
    if (!headers.authorization?.includes('Credential=right/'))
      return [403, '<Error><Code>InvalidAccessKeyId</Code></Error>']
    return url.startsWith('/lake/') ? [200, 'bytes'] : [404, '<Error><Code>NoSuchBucket</Code></Error>']
  })
  const read = async (accessKeyId: string, bucket: string) => {
    const credentials = { accessKeyId, secretAccessKey: 'secret' }
    const store = new S3Store({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
    return store.read(`s3://${bucket}/file`)
  }
  await expect(read(accessKeyId, bucket)).rejects.toMatchObject({ code: 'STORE_REJECTED', retryable: false })
  expect(Buffer.from(await read('right', 'lake')).toString()).toBe('bytes')
})

test('TRINO_REFUSED goes with the right password', async () => {
  const right = `Basic ${Buffer.from('me:right').toString('base64')}`
  const columns = [{ name: 'n', type: 'integer' }]
  const url = await serve(({ headers }) =>
    headers.authorization === right ? [200, JSON.stringify({ id: 'q', columns, data: [[1]] })] : [401, ''],
  )
  const ask = (password: string) => new TrinoQuery({ url, user: 'me', password }).rows('SELECT 1 AS n')
  await expect(ask('wrong')).rejects.toMatchObject({ code: 'TRINO_REFUSED', retryable: false })
  expect(await ask('right')).toEqual([{ n: 1 }])
})

test('TOOK_TOO_LONG goes when the server answers again', async () => {
  let isStuck = true
  const ask = () => within(20, isStuck ? new Promise<string>(() => {}) : Promise.resolve('here'))
  await expect(ask()).rejects.toThrow(TookTooLong)
  isStuck = false
  expect(await ask()).toBe('here')
})
