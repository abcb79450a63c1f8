import { describe, expect, test } from 'vitest'
import { InstrumentIndex } from '../../page/search.js'

const of = (...names: string[]) =>
  names.map(name => {
    const [symbol = '', source = ''] = name.split(' @ ')
    return { source, symbol }
  })
const symbols = (...names: string[]) => {
  const index = new InstrumentIndex(of(...names))
  return (text: string) => index.find(text).map(({ symbol }) => symbol)
}

describe('the picker finds', () => {
  test.each([
    ['page live', 'LIVE PAGE @ S', 'LIVE STREAM @ S'],
    ['live page', 'EURUSD @ PAGE_LIVE', 'EURUSD @ LIVE'],
    ['cafe', 'Café del Mar @ S', 'CAF @ S'],
    ['CAFÉ', 'cafe @ S', 'CAF @ S'],
    ['btcusdt', 'BTC/USDT @ S', 'BTC/EUR @ S'],
    ['btc usdt', 'BTCUSDT @ S', 'BTCEUR @ S'],
    ['usd eur', 'EURUSD @ S', 'EURGBP @ S'],
    ['source1', 'X @ SOURCE_1', 'X @ SOURCE_2'],
    ['eurusd binance', 'EURUSD @ BINANCE', 'EURUSD @ KRAKEN'],
    ['neil|', `O'NEIL|"😀 &?#+% @ S`, 'NIEL @ S'],
    ['😀', 'A😀 @ S', 'A @ S'],
    ['ß', 'Straße @ S', 'Strasse @ S'],
  ])('“%s”: %s and not %s', (text, found, not) => {
    const index = new InstrumentIndex(of(not, found))
    expect(index.find(text)).toEqual(of(found))
  })

  test('all of them, in their order, when nothing is asked, or separators alone', () => {
    const find = symbols('B', 'A', 'C')
    expect([find(''), find(' '), find('/')]).toEqual([
      ['B', 'A', 'C'],
      ['B', 'A', 'C'],
      ['B', 'A', 'C'],
    ])
  })

  test('the best match first: the whole name, its beginning, a word of it, a part of it, the source', () => {
    const find = symbols('AEUR', 'GBP/EUR', 'EURUSD', 'X @ EUR', 'EUR', 'EURGBP LONG')
    expect(find('eur')).toEqual(['EUR', 'EURUSD', 'EURGBP LONG', 'GBP/EUR', 'AEUR', 'X'])
  })

  test('of equal matches one that was looked at before first', () => {
    const index = new InstrumentIndex(of('EURUSD', 'EURGBP'))
    const preferred = index.find('eur', ({ symbol }) => symbol === 'EURGBP')
    expect(preferred.map(({ symbol }) => symbol)).toEqual(['EURGBP', 'EURUSD'])
  })
})

describe('a link that names things loosely means', () => {
  const index = new InstrumentIndex(of('BTC/USDT @ A', 'BTC/USDT @ B', 'btcusdt @ C', 'EUR @ B'))
  test.each([
    [{ symbol: 'BTC/USDT' }, 'BTC/USDT @ A'],
    [{ source: 'B' }, 'BTC/USDT @ B'],
    [{ symbol: 'btcusdt' }, 'btcusdt @ C'],
    [{ symbol: 'Btc-Usdt' }, 'BTC/USDT @ A'],
    [{ symbol: 'btc-usdt', source: 'b' }, 'BTC/USDT @ B'],
  ])('%j: %s', (wanted, meant) => {
    expect(index.nearest(wanted)).toEqual(of(meant)[0])
  })

  test('nothing, where no name comes near', () => {
    expect(index.nearest({ symbol: 'gone' })).toBeUndefined()
    expect(index.nearest({ source: 'A', symbol: 'EUR' })).toBeUndefined()
  })
})
