import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Panel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, it } from 'vitest'
import { BOARDS, boardJson } from '../../grafana/boards/boards.ts'
import { SUITABLE_RANGE } from '../../grafana/boards/ranges.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { METRICS } from '../../lib/status/metrics.ts'

const FOLDER = new URL('../../grafana/dashboards/', import.meta.url)
const boards = Object.entries(BOARDS).map(([name, board]) => ({ name, board: board() }))
const panelsOf = (board: (typeof boards)[number]['board']) => (board.panels ?? []) as Panel[]
const variablesOf = (board: (typeof boards)[number]['board']): readonly VariableModel[] =>
  board.templating.list ?? []

describe('grafana/dashboards', () => {
  it.each(boards)('$name.json is what its source makes (npm run boards)', ({ name, board }) => {
    const path = new URL(`${name}.json`, FOLDER)
    expect(existsSync(path) && readFileSync(path, 'utf8')).toBe(boardJson(board))
  })

  it('holds no board without a source', () => {
    expect(readdirSync(FOLDER).toSorted()).toEqual(boards.map(({ name }) => `${name}.json`).toSorted())
  })

  it('has uids and links that agree', () => {
    const uids = new Set(boards.map(({ board }) => board.uid))
    expect(uids.size).toBe(boards.length)
    const targets = boards.flatMap(({ board }) =>
      [...JSON.stringify(board).matchAll(/"\/d\/([\w-]+)\?/g)].map(match => match[1]!),
    )
    expect(targets.length).toBeGreaterThan(0)
    for (const target of targets) expect(uids).toContain(target)
  })
})

/** The rules of Grafana's linter of dashboards: https://github.com/grafana/dashboard-linter/tree/main/docs/rules */
describe.each(boards)('the board $name', ({ board }) => {
  const panels = panelsOf(board)
  const variables = variablesOf(board)
  const isProm = variables.some(({ query }) => query === 'prometheus')

  it('cannot be edited, shows UTC, and names itself', () => {
    expect(board).toMatchObject({ editable: false, timezone: 'utc' })
    expect(board.title && board.description && board.uid).toBeTruthy()
  })

  it('finds its data source by a variable of that name', () => {
    const [datasource] = variables.filter(({ type }) => type === 'datasource')
    expect(datasource).toMatchObject({ name: 'datasource', label: 'Data source' })
    const used = [...panels, ...variables.filter(({ type }) => type === 'query')].map(one => one.datasource)
    const type = isProm ? 'prometheus' : 'trino-datasource'
    for (const one of used) expect(one).toEqual({ type, uid: `\${datasource}` })
  })

  it('asks for the values of a variable anew when the range changes', () => {
    const queried = variables.filter(({ type }) => type === 'query')
    expect(queried.length).toBeGreaterThan(0)
    for (const variable of queried) expect(variable.refresh).toBe(2)
  })

  it.each(panels)('has in the panel "$title" a title, a description, a unit and a statement', panel => {
    expect(panel.title).toBeTruthy()
    expect(panel.description).toBeTruthy()
    expect(panel.fieldConfig?.defaults.unit).toBeTruthy()
    expect(panel.targets?.length).toBeGreaterThan(0)
  })

  it('shows all series at the pointer', () => {
    for (const { type, options } of panels) {
      if (type === 'timeseries' || type === 'candlestick') expect(options.tooltip.mode).toBe('multi')
    }
  })
})

describe('the board of the pipeline', () => {
  const board = BOARDS.pipeline!()
  const expressions = panelsOf(board).flatMap(({ targets }) =>
    (targets ?? []).map(target => (target as unknown as { expr: string }).expr),
  )

  it('narrows every expression to the job and the instance that are chosen', () => {
    const matchers = { job: '.+', instance: '.+' }
    for (const [name, allValue] of Object.entries(matchers)) {
      const variable = variablesOf(board).find(one => one.name === name)
      expect(variable).toMatchObject({ multi: true, includeAll: true, allValue, type: 'query' })
    }
    for (const expression of expressions) {
      expect(expression).toContain('{job=~"$job", instance=~"$instance"}')
    }
  })

  it('asks for metrics that the function `metrics` has, and so do the alert rules', () => {
    const rules = readFileSync(new URL('../../prometheus/rules.yml', import.meta.url), 'utf8')
    const queries = variablesOf(board).map(({ query }) => String(query))
    const named = [...expressions, ...queries, rules].flatMap(text => text.match(/\btickhouse_\w+/g) ?? [])
    expect(new Set(named).size).toBeGreaterThan(10)
    expect(named.filter(name => !Object.hasOwn(METRICS, name))).toEqual([])
  })

  it('takes rates and increases of counters, and of nothing else', () => {
    for (const expression of expressions) {
      const isCounter = /tickhouse_\w+_total\{/.test(expression)
      expect(/\b(rate|increase)\(/.test(expression), expression).toBe(isCounter)
      if (expression.includes('rate(')) expect(expression).toContain('[$__rate_interval]')
    }
  })
})

describe('the chart of candles', () => {
  const charts = boards.flatMap(({ board }) => panelsOf(board)).filter(({ type }) => type === 'candlestick')

  it('stands on the boards for every timeframe', () => {
    expect(charts).toHaveLength(1 + TIMEFRAMES.length)
    expect(Object.keys(SUITABLE_RANGE)).toEqual(TIMEFRAMES.map(({ name }) => name))
  })

  it.each(charts)('"$title" names its five fields: left to itself the panel guesses', ({ options }) => {
    const [open, high, low, close, volume] = ['open', 'high', 'low', 'close', 'volume']
    expect(options.fields).toEqual({ open, high, low, close, volume })
  })
})
