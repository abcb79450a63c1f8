import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { candlestick } from './candlePanels.ts'
import { candlesUrl } from './candlesBoard.ts'
import { link } from './link.ts'
import { SUITABLE_RANGE } from './ranges.ts'
import { sql } from './trino.ts'
import { sourceVariable, symbolVariable, trinoVariable } from './variables.ts'

/** One symbol in all timeframes, each over a range that suits it. Eleven statements a refresh: once a minute is enough. */
export function allTimeframesBoard(): Dashboard {
  const board = new DashboardBuilder('All timeframes')
    .uid('tickhouse-all-timeframes')
    .description('Candles of one symbol in all 11 timeframes, each over a range of its own')
    .tags(['tickhouse'])
    .timezone('utc')
    .readonly()
    .tooltip(DashboardCursorSync.Off)
    .time({ from: 'now-1d', to: 'now' })
    .refresh('1m')
    .variables([trinoVariable(), sourceVariable(), symbolVariable()])
  for (const { name } of TIMEFRAMES) {
    const range = SUITABLE_RANGE[name]
    board.withPanel(
      candlestick(name, sql('candles', name))
        .description(`Candles of ${name} over ${range}`)
        .timeFrom(range)
        .links([link(`${name} alone`, '', candlesUrl(name, `from=now-${range}&to=now`))])
        .height(9)
        .span(8),
    )
  }
  return board.build()
}
