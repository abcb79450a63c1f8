import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FIXTURE, kafkaEvent, SLS } from '../support/harness.ts'

/** Runs `sls package` on the fixture, with configValidationMode: error; gives the template's resources. */
function packaged(event: Record<string, unknown>, settings: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'offline-kafka-package-'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [SLS, 'package', '--package', folder], {
    cwd: FIXTURE,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      FIXTURE: JSON.stringify({ functions: { sink: { kafka: [event] } }, settings }),
    },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stdout + stderr)
  const template = readFileSync(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
  return JSON.parse(template).Resources
}

describe('sls package', () => {
  it('writes all that the mapping needs on Lambda into the template, without credentials', () => {
    const resources = packaged(
      kafkaEvent('orders.new', {
        batchSize: 10_000,
        maximumBatchingWindow: 0,
        functionResponseType: 'ReportBatchItemFailures',
        maximumRetryAttempts: 5,
        maximumRecordAgeInSeconds: 3600,
        bisectBatchOnFunctionError: true,
        onFailureDestination: 'kafka://orders.failed',
        filterPatterns: [{ value: { kind: ['new'] } }],
      }),
    )
    expect(resources.SinkEventSourceMappingKafkaOrdersnew.Properties).toMatchObject({
      Topics: ['orders.new'],
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 0,
      StartingPosition: 'TRIM_HORIZON',
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'orders.new-group' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 3600,
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: 'kafka://orders.failed' } },
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["new"]}}' }] },
    })
  })

  it('refuses a misspelt key of an event and of the settings, by name', () => {
    expect(() => packaged(kafkaEvent('t', { maximumRetryAttempt: 5 }))).toThrow(/maximumRetryAttempt/)
    expect(() => packaged(kafkaEvent('t'), { concurency: 5 })).toThrow(/concurency/)
  })
})
