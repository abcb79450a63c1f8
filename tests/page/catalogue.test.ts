import { describe, expect, test } from 'vitest'
import { Catalogue } from '../../page/catalogue.js'

const BTC = { source: 'BINANCE', symbol: 'BTC/USDT' }
const EUR = { source: 'SOURCE_1', symbol: 'EURUSD' }
const catalogue = new Catalogue()
catalogue.take({ timeframes: ['m1', 'm5', 'h1'], symbols: [BTC, EUR] })

describe('a link means', () => {
  test.each([
    [{}, [], { ...BTC, timeframe: 'm1' }],
    [{}, [{ source: 'S', symbol: 'gone' }, EUR], { ...EUR, timeframe: 'm1' }],
    [{ timeframe: 'h1' }, [], { ...BTC, timeframe: 'h1' }],
    [{ timeframe: 'x7' }, [], { ...BTC, timeframe: 'm1' }],
    [{ symbol: 'EURUSD', timeframe: 'm5' }, [BTC], { ...EUR, timeframe: 'm5' }],
    [{ source: 'source 1' }, [BTC], { ...EUR, timeframe: 'm1' }],
    [{ symbol: 'gone' }, [BTC], { source: 'BINANCE', symbol: 'gone', timeframe: 'm1' }],
    [{ source: 'X', symbol: 'EURUSD' }, [], { source: 'X', symbol: 'EURUSD', timeframe: 'm1' }],
  ])('%j, with %j looked at before: %j', (named, recent, meant) => {
    expect(catalogue.meant(named, recent)).toEqual(meant)
  })

  test('nothing, while there are no candles at all', () => {
    expect(new Catalogue().meant(EUR, [])).toBeUndefined()
  })
})

test('longer and shorter timeframes, as far as there are any', () => {
  expect([catalogue.longer('m1', 1), catalogue.longer('h1', 1), catalogue.longer('m1', -1)]).toEqual([
    'm5',
    undefined,
    undefined,
  ])
})
