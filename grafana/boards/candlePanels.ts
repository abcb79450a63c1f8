import {
  PanelBuilder as CandlestickBuilder,
  CandlestickFieldMapBuilder,
  VizDisplayMode,
} from '@grafana/grafana-foundation-sdk/candlestick'
import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { TRINO, trinoQuery } from './trino.ts'

/** A chart of candles. The fields are named: left to itself the panel guesses. */
export function candlestick(title: string, rawSQL: string): CandlestickBuilder {
  const fields = new CandlestickFieldMapBuilder()
    .open('open')
    .high('high')
    .low('low')
    .close('close')
    .volume('volume')
  return new CandlestickBuilder()
    .title(title)
    .datasource(TRINO)
    .withTarget(trinoQuery(rawSQL))
    .mode(VizDisplayMode.CandlesVolume)
    .fields(fields)
    .includeAllFields(false)
    .unit('none')
    .noValue('no candles in this range')
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
}

/** Last price, change and ticks of the range: one statement, a tile for each column. */
export function rangeSummary(rawSQL: string): StatBuilder {
  return tiles(rawSQL)
    .title('In this range')
    .description(
      'The close of the newest candle, its change against the first open, and how many ticks there were',
    )
    .unit('none')
    .overrideByName('last_price', [{ id: 'displayName', value: 'last price' }])
    .overrideByName('change', [
      { id: 'unit', value: 'percentunit' },
      { id: 'decimals', value: 2 },
    ])
    .overrideByName('ticks', [{ id: 'unit', value: 'short' }])
}

/** How old the symbol's newest tick is. */
export function newestTick(rawSQL: string): StatBuilder {
  return tiles(rawSQL)
    .title('Newest tick')
    .description('Its age: to the minute above two minutes, nothing above a day')
    .unit('s')
    .overrideByName('age_seconds', [{ id: 'displayName', value: 'age' }])
}

function tiles(rawSQL: string): StatBuilder {
  return new StatBuilder()
    .datasource(TRINO)
    .withTarget(trinoQuery(rawSQL))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .graphMode(BigValueGraphMode.None)
    .noValue('–')
    .height(4)
}

/** Candles as rows, with whether they are closed and how often they changed. */
export function newestCandles(rawSQL: string): TableBuilder {
  return new TableBuilder()
    .title('Newest candles')
    .description('The newest 50 of the range; a revision above the first closed one means late ticks')
    .datasource(TRINO)
    .withTarget(trinoQuery(rawSQL))
    .unit('none')
    .noValue('no candles in this range')
    .overrideByName('volume', [{ id: 'unit', value: 'short' }])
}
