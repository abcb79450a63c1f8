import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventOf } from '../browser/host.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SLS = join(ROOT, 'node_modules', 'serverless', 'bin', 'serverless.js')

const DEPLOYED = {
  KAFKA_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:kafka',
  KAFKA_BROKERS: 'b1.example:9096',
  KAFKA_USERNAME: 'writer',
  S3_ACCESS_KEY_ID: 'writer',
  ICEBERG_CLIENT_ID: 'writer',
  READER_KAFKA_USERNAME: 'reader',
  READER_ICEBERG_CLIENT_ID: 'reader',
  WAREHOUSE_BUCKET: 'my-lake',
}

interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
}

/** Runs `sls package` as for AWS, without credentials; gives the folder and the template's resources. */
function packaged(stage: string, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'tickhouse-package-'))
  const args = [SLS, 'package', '--stage', stage, '--package', folder]
  const { PATH, HOME } = process.env
  const run = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { PATH, HOME, ...env },
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(run.stdout + run.stderr)
  const template = readFileSync(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
  return { folder, resources: JSON.parse(template).Resources as Record<string, Resource> }
}

describe('sls package --stage prod', () => {
  let folder: string
  let resources: Readonly<Record<string, Resource>>
  beforeAll(() => {
    ;({ folder, resources } = packaged('prod', DEPLOYED))
  })
  const propertiesOf = (name: string) => resources[name]!.Properties
  const variablesOf = (name: string) =>
    (propertiesOf(`${name}LambdaFunction`).Environment as { Variables: Record<string, string> }).Variables

  test('throttles the API, and reserves a concurrency for each function behind it', () => {
    expect(propertiesOf('HttpApiStage').DefaultRouteSettings).toEqual({
      ThrottlingRateLimit: 100,
      ThrottlingBurstLimit: 200,
    })
    const reserved = ['Page', 'Candles', 'Metrics'].map(
      name => propertiesOf(`${name}LambdaFunction`).ReservedConcurrentExecutions,
    )
    expect(reserved).toEqual([5, 20, 2])
  })

  test('has the routes of all paths, for any method, and one for all others', () => {
    const routes = Object.values(resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route')
    expect(routes.map(({ Properties }) => Properties.RouteKey).sort()).toEqual(
      [
        '$default',
        'ANY /',
        'ANY /candles',
        'ANY /health',
        'ANY /metrics',
        'ANY /page/{file}',
        'ANY /symbols',
      ].sort(),
    )
  })

  test('lets page write its log alone, and candles and metrics read the warehouse, never write', () => {
    const rolesOf = (name: string) => propertiesOf(`${name}LambdaFunction`).Role
    expect(rolesOf('Page')).toEqual({ 'Fn::GetAtt': ['PageRole', 'Arn'] })
    for (const name of ['Candles', 'Metrics']) {
      expect(rolesOf(name)).toEqual({ 'Fn::GetAtt': ['ReaderRole', 'Arn'] })
    }
    expect(propertiesOf('PageRole').Policies).toBeUndefined()
    const policies = JSON.stringify(propertiesOf('ReaderRole').Policies)
    expect([...policies.matchAll(/"(\w+:\w+)"/g)].map(([, action]) => action)).toEqual([
      's3:GetObject',
      's3:ListBucket',
    ])
  })

  test('gives no key of a writer to those behind HTTP, and no live candles unless they are asked for', () => {
    expect(Object.values(variablesOf('Page'))).not.toContain('writer')
    for (const name of ['Candles', 'Metrics']) {
      expect(Object.values(variablesOf(name))).not.toContain('writer')
      expect(variablesOf(name)).toMatchObject({
        KAFKA_USERNAME: 'reader',
        ICEBERG_CLIENT_ID: 'reader',
        S3_ACCESS_KEY_ID: '',
      })
    }
    expect(variablesOf('Candles').LIVE_CANDLES).toBe('false')
    expect(variablesOf('Ingest')).toMatchObject({ KAFKA_USERNAME: 'writer', S3_ACCESS_KEY_ID: 'writer' })
  })

  test('puts the whole page into its function, which needs no setting', () => {
    execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, 'page.zip'), join(folder, 'page')])
    const program = `
      const { handler } = await import(${JSON.stringify(join(folder, 'page', 'functions', 'page.js'))})
      const event = ${JSON.stringify(eventOf({ url: '/' }))}
      const { body } = await handler(event, { awsRequestId: 'r', getRemainingTimeInMillis: () => 5_000 })
      process.stderr.write(body)`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: {},
    })
    expect(run.status).toBe(0)
    expect(run.stderr).toMatch(
      /^<!doctype html>[\s\S]*<script type="module">[\s\S]*lightweight-charts-\w{16}\.js/,
    )
  })
})

test('sls package --stage local needs no variable; there the readers have the keys of the pipeline', () => {
  const { resources } = packaged('local', { KAFKA_USERNAME: 'both' })
  const { Environment } = resources.CandlesLambdaFunction!.Properties as {
    Environment: { Variables: Record<string, string> }
  }
  expect(Environment.Variables).toMatchObject({ KAFKA_USERNAME: 'both', LIVE_CANDLES: 'true' })
})
