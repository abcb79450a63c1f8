import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { datasourceVariable } from './variables.ts'

const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: '${datasource}' }
const CHOSEN = 'job=~"$job", instance=~"$instance"'

interface Chart {
  readonly title: string
  readonly description: string
  readonly unit: string
  /** PromQL; `$chosen` stands for the label matchers. */
  readonly expression: string
  readonly legend: string
}

const CHARTS: readonly Chart[] = [
  {
    title: 'Ticks',
    description: 'Ticks that came into the table, per second',
    unit: 'reqps',
    expression: 'sum(rate(tickhouse_ticks_total{$chosen}[$__rate_interval]))',
    legend: 'ticks/s',
  },
  {
    title: 'Minute to candle',
    description: 'From the end of the newest minute to the commit that closed its candles',
    unit: 's',
    expression: 'max(tickhouse_rollup_delay_seconds{$chosen})',
    legend: 'delay',
  },
  {
    title: 'Lag in records',
    description:
      'Records that a stage has before it and not yet behind it; of rollup, those that live candles lack',
    unit: 'short',
    expression: 'max by (stage) (tickhouse_stage_lag_records{$chosen})',
    legend: '{{stage}}',
  },
  {
    title: 'Lag in seconds',
    description: 'How old the oldest record is that a stage has yet to take',
    unit: 's',
    expression: 'max by (stage) (tickhouse_stage_lag_seconds{$chosen})',
    legend: '{{stage}}',
  },
  {
    title: 'Catching up',
    description: 'Hours whose candles may lack late ticks; live candles do not wait for them',
    unit: 'short',
    expression: 'max(tickhouse_stale_hours{$chosen})',
    legend: 'hours',
  },
  {
    title: 'Dead letters',
    description: 'Records that were no ticks, by reason, in the last hour',
    unit: 'short',
    expression: 'sum by (reason) (increase(tickhouse_dead_letters_total{$chosen}[1h]))',
    legend: '{{reason}}',
  },
  {
    title: 'Late ticks',
    description: 'Ticks that came after the candle of their minute was due, per second',
    unit: 'reqps',
    expression: 'sum(rate(tickhouse_late_ticks_total{$chosen}[$__rate_interval]))',
    legend: 'late ticks/s',
  },
  {
    title: 'Rollup',
    description: 'How long the newest round took, from reading the tables to its commit',
    unit: 's',
    expression: 'max(tickhouse_rollup_duration_seconds{$chosen})',
    legend: 'duration',
  },
  {
    title: 'Snapshots',
    description: 'Snapshots in the metadata of each table; bounded, when all is well',
    unit: 'short',
    expression: 'max by (table) (tickhouse_table_snapshots{$chosen})',
    legend: '{{table}}',
  },
  {
    title: 'Files',
    description: 'Data files of each table; they grow with history, not with commits, when maintain runs',
    unit: 'short',
    expression: 'max by (table) (tickhouse_table_files{$chosen})',
    legend: '{{table}}',
  },
]

/** Whether the pipeline keeps up, from Prometheus. */
export function pipelineBoard(): Dashboard {
  const board = new DashboardBuilder('Pipeline')
    .uid('tickhouse-pipeline')
    .description(
      'Whether ticks and candles keep up: rates, lags, delays, dead letters, and the growth of the tables',
    )
    .tags(['tickhouse'])
    .timezone('utc')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .variables([datasourceVariable('prometheus'), labelVariable('job'), labelVariable('instance')])
  for (const chart of CHARTS) board.withPanel(timeseries(chart))
  return board.build()
}

function timeseries({ title, description, unit, expression, legend }: Chart): PanelBuilder {
  return new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .unit(unit)
    .min(0)
    .noValue('no data')
    .withTarget(
      new DataqueryBuilder()
        .datasource(PROMETHEUS)
        .refId('A')
        .expr(expression.replace('$chosen', CHOSEN))
        .legendFormat(legend)
        .range(),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .height(8)
    .span(8)
}

/** Narrows the board to some of the functions that Prometheus scrapes; all of them, when nothing is chosen. */
function labelVariable(label: 'job' | 'instance'): Builder<VariableModel> {
  return new QueryVariableBuilder(label)
    .label(label === 'job' ? 'Job' : 'Instance')
    .datasource(PROMETHEUS)
    .query(`label_values(tickhouse_ticks_total, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all' })
}
