import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { TIMEFRAMES, type TimeframeName } from '../../lib/market/timeframe.ts'
import { candlestick, newestCandles, newestTick, rangeSummary } from './candlePanels.ts'
import { link } from './link.ts'
import { SUITABLE_RANGE } from './ranges.ts'
import { sql } from './trino.ts'
import { sourceVariable, symbolVariable, timeframeVariable, trinoVariable } from './variables.ts'

export const CANDLES_UID = 'tickhouse-candles'

/** One symbol in one timeframe: the chart, what the range amounts to, and its newest candles as a table. */
export function candlesBoard(): Dashboard {
  return new DashboardBuilder('Candles')
    .uid(CANDLES_UID)
    .description('Candles of one symbol in one timeframe, as they are in Iceberg')
    .tags(['tickhouse'])
    .timezone('utc')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: `now-${SUITABLE_RANGE.m1}`, to: 'now' })
    .refresh('10s')
    .variables([trinoVariable(), sourceVariable(), symbolVariable(), timeframeVariable()])
    .links(TIMEFRAMES.map(({ name }) => sameRange(name)))
    .withPanel(rangeSummary(sql('range_summary')).span(18))
    .withPanel(newestTick(sql('newest_tick_age')).span(6))
    .withPanel(
      candlestick('${source} ${symbol}, ${timeframe}', sql('candles'))
        .description('Candles and their volume; the newest one may still be open')
        .links(TIMEFRAMES.map(({ name }) => suitableRange(name)))
        .height(16)
        .span(24),
    )
    .withPanel(newestCandles(sql('newest_candles')).height(10).span(24))
    .build()
}

/** Switches the timeframe, keeps symbol and range. */
function sameRange(timeframe: string): Builder<DashboardLink> {
  return link(timeframe, `${timeframe}, same range`, candlesUrl(timeframe, '${__url_time_range}'))
}

/** Switches the timeframe, and to a range that suits it. */
function suitableRange(timeframe: TimeframeName): Builder<DashboardLink> {
  const range = SUITABLE_RANGE[timeframe]
  return link(`${timeframe} over ${range}`, '', candlesUrl(timeframe, `from=now-${range}&to=now`))
}

/** The Candles board with the symbol that is chosen, whatever characters it has. */
export function candlesUrl(timeframe: string, range: string): string {
  const choice = '${datasource:queryparam}&${source:queryparam}&${symbol:queryparam}'
  return `/d/${CANDLES_UID}?var-timeframe=${timeframe}&${choice}&${range}`
}
