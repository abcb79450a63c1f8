import { inject } from 'vitest'
import { RestCatalog } from '../../lib/iceberg/restCatalog.ts'
import { S3Store } from '../../lib/iceberg/s3Store.ts'

/** A setting of the tests' servers, from the suite's own sandbox or else from the environment. */
export function setting(name: string): string {
  const sandboxEnv = inject('sandboxEnv' as never) as Readonly<Record<string, string>> | undefined
  const value = sandboxEnv?.[name] ?? process.env[name]
  if (value === undefined)
    throw new Error(`${name} is not set: the integration tests need the sandbox's servers`)
  return value
}

/** The real catalog and the real object store. */
export function openServers(): { catalog: RestCatalog; store: S3Store } {
  return {
    catalog: new RestCatalog({
      uri: setting('ICEBERG_URI'),
      warehouse: setting('ICEBERG_WAREHOUSE'),
      auth: {
        type: 'oauth2',
        tokenUri: setting('ICEBERG_OAUTH2_URI'),
        clientId: setting('ICEBERG_CLIENT_ID'),
        clientSecret: setting('ICEBERG_CLIENT_SECRET'),
        scope: setting('ICEBERG_SCOPE'),
      },
    }),
    store: new S3Store({
      endpoint: setting('S3_ENDPOINT'),
      region: setting('S3_REGION'),
      credentials: {
        accessKeyId: setting('S3_ACCESS_KEY_ID'),
        secretAccessKey: setting('S3_SECRET_ACCESS_KEY'),
      },
      forcePathStyle: true,
    }),
  }
}
