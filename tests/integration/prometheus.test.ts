import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../sandbox/ports.ts'
import { Offline } from './offline.ts'
import { sandboxEnv, until } from './sandbox.ts'

const FOLDER = fileURLToPath(new URL('../../prometheus', import.meta.url))
const METRICS_TARGET = 'metrics:9464'

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
  const dir = mkdtempSync(join(tmpdir(), 'tickhouse-prometheus-'))
  const functions = () => `http://127.0.0.1:${sandboxEnv().HTTP_PORT}`
  let offline: Offline | undefined
  let prometheus: ChildProcess | undefined
  let address: string

  beforeAll(async () => {
    offline = await Offline.start('prometheus')
    cpSync(FOLDER, dir, { recursive: true })
    const config = readFileSync(join(dir, 'prometheus.yml'), 'utf8')
      .replace(METRICS_TARGET, `127.0.0.1:${sandboxEnv().HTTP_PORT}`)
      .replaceAll('15s', '1s')
    writeFileSync(join(dir, 'prometheus.yml'), config)
    const { trino: port } = await freePorts()
    address = `http://127.0.0.1:${port}`
    const args = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`]
    prometheus = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' })
  })
  afterAll(async () => {
    await offline?.stop()
    if (prometheus?.kill()) await once(prometheus, 'exit')
    rmSync(dir, { recursive: true })
  })

  async function ask(
    expression: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const answer = await fetch(`${address}/api/v1/query?query=${encodeURIComponent(expression)}`)
    return ((await answer.json()) as { data: { result: [] } }).data.result
  }

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
    const answer = await fetch(`${functions()}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ kafka: true, catalog: true, s3: true, trino: true })
  })
})
