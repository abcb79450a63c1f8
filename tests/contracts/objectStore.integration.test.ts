import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { StoreRejected, StoreUnavailable } from '../../lib/iceberg/errors.ts'
import { S3Store } from '../../lib/iceberg/s3Store.ts'
import { openWorld } from '../iceberg/fixtures.ts'
import { openServers, setting } from '../integration/icebergServers.ts'
import { describeObjectStore } from './objectStoreContract.ts'

// A table bucket takes files only inside of tables.
const servers = openServers()
const ident = { namespace: 'contract', name: `files_${Date.now()}` }
const opening = openWorld({ ...servers, ident })

describeObjectStore('real, S3', async () => {
  const { metadata } = await (await opening).load()
  return { store: servers.store, folder: `${metadata.location}/data` }
})

describe('S3', () => {
  const region = 'us-east-1'
  const someUri = `${setting('ICEBERG_WAREHOUSE')}/contract/none/data/${randomUUID()}`

  it('away is StoreUnavailable, which may be tried again', async () => {
    const store = new S3Store({
      endpoint: 'http://127.0.0.1:9',
      region,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      forcePathStyle: true,
      timeoutMs: 2000,
    })
    const failure = await store.read(someUri).catch(error => error)
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(failure.retryable).toBe(true)
  })

  it('with a wrong secret is StoreRejected, and the secret is not in the message', async () => {
    const store = new S3Store({
      endpoint: setting('S3_ENDPOINT'),
      region,
      credentials: { accessKeyId: setting('S3_ACCESS_KEY_ID'), secretAccessKey: 'wrong-secret' },
      forcePathStyle: true,
    })
    const failure = await store.read(someUri).catch(error => error)
    expect(failure).toBeInstanceOf(StoreRejected)
    expect(failure.message).not.toContain('wrong-secret')
  })

  it('needs a URI with bucket and key', async () => {
    await expect(servers.store.read('s3://bucket-only')).rejects.toThrow('s3://bucket/key')
  })
})
