import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bringUp, serversOf } from '../../sandbox/sandbox.ts'
import { Offline } from './offline.ts'
import { sandboxSettings } from './sandbox.ts'

const FOLDER = fileURLToPath(new URL('../../prometheus', import.meta.url))

/** Runs promtool, which Debian has in its package `prometheus`; throws what it complains about. */
const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' })

describe('prometheus/', () => {
  test('has a configuration and rules that promtool takes', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS')
  })

  test('has alerts that fire when they should, and not before', () => {
    expect(promtool('test', 'rules', 'rules.test.yml')).toContain('SUCCESS')
  })
})

describe('a Prometheus beside the pipeline', () => {
  const settings = sandboxSettings()
  const { http, prometheus: port } = settings.ports
  const prometheus = serversOf(settings).find(({ name }) => name === 'prometheus')!
  const lines: string[] = []
  let offline: Offline | undefined

  beforeAll(async () => {
    offline = await Offline.start('prometheus')
    const terminal = { say: (line: string) => void lines.push(line), show: () => undefined }
    await bringUp(settings, { startedBy: 'test', terminal, servers: ['prometheus'] })
  })
  afterAll(async () => {
    await offline?.stop()
    await prometheus.stop()
  })

  async function ask(
    expression: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const answer = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`,
    )
    return ((await answer.json()) as { data: { result: [] } }).data.result
  }

  test('is started by the sandbox where it is installed, and does its work', async () => {
    expect(lines.at(-1)).toMatch(/^Prometheus: ready after/)
    expect(await prometheus.isHealthy()).toBe(true)
  })

  // On a busy machine a scrape may come too late: then nothing is there until the next one.
  test('scrapes totals, lags and tables', async () => {
    const stages = async () => (await ask('tickhouse_stage_lag_seconds')).map(({ metric }) => metric.stage)
    await expect.poll(async () => (await stages()).toSorted()).toEqual(['ingest', 'publish', 'rollup'])
    const dependencies = async () => (await ask('tickhouse_dependency_up')).map(({ value }) => value[1])
    await expect.poll(dependencies).toEqual(['1', '1'])
    await expect.poll(() => ask('tickhouse_ticks_total')).toHaveLength(1)
    await expect.poll(() => ask('tickhouse_stale_hours')).toHaveLength(1)
    await expect.poll(() => ask('tickhouse_table_files')).toHaveLength(2)
  })

  test('finds nothing to alert of a pipeline that is seen', async () => {
    const firing = await ask('ALERTS{alertstate="firing",alertname=~"TickhouseUnseen|DependencyDown"}')
    expect(firing).toEqual([])
  })

  // Each server has a second to answer in, which the first call on a busy machine may need for itself.
  test('GET /health is 200 and names four servers that answer', async () => {
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${http}/health`)
      return [answer.status, await answer.json()]
    }
    await expect.poll(health).toEqual([200, { kafka: true, catalog: true, s3: true, trino: true }])
  })
})
