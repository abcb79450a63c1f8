import { expect, test } from 'vitest'
import { Compared } from '../../page/compared.js'
import { fileName } from '../../page/download.js'
import { PriceFormat } from '../../page/prices.js'
import { csvOf, rowsOf } from '../../page/rows.js'
import { at } from './support.ts'

const candles = [at(0), at(1, { close: 2.5, volume: 7 }), at(2, { closed: false })]
const line = (label: string, values: (number | undefined)[]) => ({
  ...{
    name: label,
    study: label,
    label,
    pane: 'price' as const,
    colour: 'study-1' as const,
    dash: 0,
    values,
  },
})

test('a file of what is on the screen: numbers in full, what is not there left empty, names quoted', () => {
  const compared = new Compared({ source: 'S', symbol: '=1+"a",b' })
  compared.take([at(1, { close: 1e-9 })])
  compared.align(candles)
  const lines = [line('SMA 2', [undefined, 1.75, 1.75])]
  const prices = PriceFormat.of(candles)
  expect(csvOf(rowsOf({ candles, lines, prices, compared }, { first: 0, last: 1 }))).toBe(
    [
      `dateTime,open,high,low,close,volume,closed,revision,SMA 2,"'=1+""a"",b"`,
      '2026-01-01T00:00:00.000000Z,1,1,1,1,1,true,1,,',
      '2026-01-01T00:01:00.000000Z,1,1,1,2.5,7,true,1,1.75,1e-9',
      '',
    ].join('\r\n'),
  )
})

test('a file is named for what it holds, without what a system would not take', () => {
  expect(fileName(['BTC/USDT', 'm5', '2026-11-24T1431'], 'csv')).toBe('BTC_USDT-m5-2026-11-24T1431.csv')
  expect(fileName(['../..', '😀'], 'png')).toBe('candles.png')
})
