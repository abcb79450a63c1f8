import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { functionEnv, type Settings } from '../settings.ts'
import type { ServerDefinition } from './definition.ts'
import { answer } from './http.ts'
import { jarsIn, javaIn } from './java.ts'

/** Puts the fixture together, on the loopback interface. */
const XML = new URL('icebergRest.xml', import.meta.url).pathname

/** Iceberg's REST fixture, which keeps the names of its tables in SQLite: the catalog of compose.yaml, beside MinIO. */
export const icebergRest: ServerDefinition = {
  name: 'icebergRest',
  title: 'Iceberg',
  ports: ({ ports }) => [{ port: ports.iceberg, name: 'iceberg' }],
  readyWithinMs: 60_000,
  stopWithinMs: 20_000,

  async prepare({ settings, programs }) {
    const dir = join(settings.dataDir, 'icebergRest')
    await mkdir(dir, { recursive: true })
    const access = functionEnv(settings.ports)
    const properties = Object.entries({ port: settings.ports.iceberg, ...catalogProperties(settings, dir) })
    return {
      file: javaIn(programs),
      args: [
        ...['-Xmx256m', '-XX:+ExitOnOutOfMemoryError', '--enable-native-access=ALL-UNNAMED'],
        ...properties.map(([name, value]) => `-D${name}=${value}`),
        ...['-cp', jarsIn(programs.icebergRest), 'org.eclipse.jetty.xml.XmlConfiguration', XML],
      ],
      cwd: dir,
      env: {
        AWS_ACCESS_KEY_ID: access.S3_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: access.S3_SECRET_ACCESS_KEY,
        AWS_REGION: access.S3_REGION,
      },
    }
  },

  async check({ ports }) {
    await answer(`${functionEnv(ports).ICEBERG_URI}/v1/namespaces`)
  },
}

/** What compose.yaml gives it as `CATALOG_…`, with this sandbox's addresses. */
export function catalogProperties({ ports }: Pick<Settings, 'ports'>, dir: string): Record<string, string> {
  const access = functionEnv(ports)
  return {
    'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
    // Without WAL two commits at once would lock each other out.
    uri: `jdbc:sqlite:${join(dir, 'catalog.db')}?journal_mode=WAL`,
    warehouse: access.ICEBERG_WAREHOUSE,
    's3.endpoint': access.S3_ENDPOINT,
    's3.path-style-access': access.S3_PATH_STYLE,
  }
}
