import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bringUp, serversOf } from '../../sandbox/sandbox.ts'
import { Offline } from './offline.ts'
import { sandboxSettings, until } from './sandbox.ts'

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

  test('scrapes totals, lags and tables', async () => {
    await until('the function is scraped', async () => {
      const found = await ask('up{job="tickhouse"} == 1').catch(() => [])
      return found.length > 0
    })
    const lags = await ask('tickhouse_stage_lag_seconds')
    expect(lags.map(({ metric }) => metric.stage).toSorted()).toEqual(['ingest', 'publish', 'rollup'])
    const dependencies = await ask('tickhouse_dependency_up')
    expect(dependencies.map(({ value }) => value[1])).toEqual(['1', '1'])
    expect(await ask('tickhouse_ticks_total')).toHaveLength(1)
    expect(await ask('tickhouse_table_files')).toHaveLength(2)
  })

  test('finds nothing to alert of a pipeline that is seen', async () => {
    const firing = await ask('ALERTS{alertstate="firing",alertname=~"TickhouseUnseen|DependencyDown"}')
    expect(firing).toEqual([])
  })

  test('GET /health is 200 and names four servers that answer', async () => {
    const answer = await fetch(`http://127.0.0.1:${http}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ kafka: true, catalog: true, s3: true, trino: true })
  })
})
