import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { sql, TRINO } from './trino.ts'

/** A board finds its data source by this variable, so that it works whatever the data source is called. */
export function datasourceVariable(type: string): Builder<VariableModel> {
  return new DatasourceVariableBuilder('datasource').label('Data source').type(type)
}

export const trinoVariable = () => datasourceVariable('trino-datasource')

export const sourceVariable = () => fromSql('source', 'Source', 'sources')
export const symbolVariable = () => fromSql('symbol', 'Symbol', 'symbols')

/** Left to Grafana, `m1` would be the first of an unordered list, and a typed one reach the statement. */
export function timeframeVariable(): Builder<VariableModel> {
  return new CustomVariableBuilder('timeframe')
    .label('Timeframe')
    .values(TIMEFRAMES.map(({ name }) => name).join(','))
    .current({ text: 'm1', value: 'm1' })
    .allowCustomValue(false)
}

function fromSql(name: string, label: string, statement: string): Builder<VariableModel> {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(TRINO)
    .query(sql(statement))
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .allowCustomValue(false)
}
