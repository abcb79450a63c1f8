import { expect, test } from 'vitest'
import { addressOf, readAddress } from '../../page/address.js'
import { type Look, lengthsOf, USUAL } from '../../page/look.js'

const VIEW = { source: 'BINANCE', symbol: 'BTC/USDT', timeframe: 'm5' }
const NOWHERE = { until: undefined, bars: undefined }

test('what is as usual is left out', () => {
  expect(addressOf(VIEW, NOWHERE, USUAL)).toBe('?source=BINANCE&symbol=BTC/USDT&timeframe=m5')
})

test('everything that is not is short, can be read, and is read back', () => {
  const place = { until: '2026-11-24T14:30:00.000Z', bars: 288 }
  const look: Look = {
    style: 'line',
    scale: 'log',
    volume: false,
    zone: 'America/New_York',
    studies: { sma: [20, 50], ema: [], bollinger: [20], rsi: [14] },
    compare: { source: 'BINANCE', symbol: 'ETH/USDT' },
  }
  const address = addressOf(VIEW, place, look)
  expect(address).toBe(
    '?source=BINANCE&symbol=BTC/USDT&timeframe=m5&until=2026-11-24T14:30&bars=288' +
      '&style=line&scale=log&volume=off&zone=America/New_York&sma=20,50&bollinger=20&rsi=14&compare=ETH/USDT',
  )
  expect(readAddress(address)).toEqual({ ...VIEW, ...place, look })
})

test('names of any characters, and a compared symbol of another source, survive', () => {
  const view = { source: 'a b', symbol: `O'NEIL|"😀 &?#+%<b>,/:`, timeframe: 'm1' }
  const look = { ...USUAL, compare: { source: 'ü&', symbol: '+=' } }
  expect(readAddress(addressOf(view, NOWHERE, look))).toEqual({ ...view, ...NOWHERE, look })
})

test('nonsense is as if it were not there', () => {
  const { look, ...rest } = readAddress(
    '?until=soon&bars=-4&style=pie&scale=&volume=loud&sma=1,x,999999&rsi=0',
  )
  expect(look).toEqual(USUAL)
  expect(rest).toEqual(NOWHERE)
})

test('lengths of studies: at most three, each once, from 2 to 500', () => {
  expect(['20', '20, 50', '5 5;1 501 500 9 8', '', 'ten'].map(lengthsOf)).toEqual([
    ...[[20], [20, 50], [5, 500, 9], [], []],
  ])
})
