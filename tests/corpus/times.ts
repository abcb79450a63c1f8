import { bad, type Case, good } from './case.ts'

const NO_TIMES = [
  '2025-02-30T00:00:00',
  '2025-02-29T00:00:00',
  '1900-02-29T00:00:00',
  '2025-04-31T00:00:00',
  '2025-13-01T00:00:00',
  '2025-00-01T00:00:00',
  '2025-03-00T00:00:00',
  '2025-03-20T24:00:00',
  '2025-03-20T25:00:00',
  '2025-03-20T14:60:00',
  '2025-03-20T14:31:60',
  '2025-03-20T14:31:28.1234567',
  '2025-03-20T14:31:28.123456789',
  '2025-03-20T14:31:28.',
  '2025-03-20T14:31:28,5',
  '2025-03-20T14:31:28+24:00',
  '2025-03-20T14:31:28+05:60',
  '2025-03-20T14:31:28+05',
  '2025-03-20T14:31:28z',
  '2025-03-20t14:31:28',
  '2025-03-20T14:31:28 UTC',
  '2025-03-20 14:31:28',
  '2025-03-20T14:31',
  '2025-03-20',
  '2025-W12-4T14:31:28',
  '20250320T143128',
  '+002025-03-20T14:31:28',
  '-2025-03-20T14:31:28',
  '٢٠٢٥-03-20T14:31:28',
  '2025-03-20T14:31:28\\n',
  'yesterday',
  '',
]

const TIMES: readonly (readonly [text: string, printed: string])[] = [
  ['2025-03-20T14:31:28', '2025-03-20T14:31:28.000000Z'],
  ['2025-03-20T14:31:28Z', '2025-03-20T14:31:28.000000Z'],
  ['2025-03-20T14:31:28-00:00', '2025-03-20T14:31:28.000000Z'],
  ['2025-03-20T14:31:28+05:30', '2025-03-20T09:01:28.000000Z'],
  ['2025-03-20T01:00:00+0530', '2025-03-19T19:30:00.000000Z'],
  ['2025-03-19T20:01:28.5-09:30', '2025-03-20T05:31:28.500000Z'],
  ['2025-03-20T14:31:28.1', '2025-03-20T14:31:28.100000Z'],
  ['2025-03-20T14:31:28.000001', '2025-03-20T14:31:28.000001Z'],
  ['2025-03-20T14:31:28.999999Z', '2025-03-20T14:31:28.999999Z'],
  ['2024-02-29T23:59:59.999999', '2024-02-29T23:59:59.999999Z'],
  ['2000-02-29T00:00:00', '2000-02-29T00:00:00.000000Z'],
  ['1970-01-01T00:00:00', '1970-01-01T00:00:00.000000Z'],
  ['1969-12-31T23:59:59-00:01', '1970-01-01T00:00:59.000000Z'],
]

const OTHER_TYPES = ['1742481088000', 'true', '[]', '{}']

const texts = (time: string) => ({ dateTime: `"${time}"` })
const received = (time: string) => ({ receiveDateTime: `"${time}"` })

/** `dateTime` and `receiveDateTime`. */
export const TIMES_OF_TICKS: readonly Case[] = [
  ...NO_TIMES.map(text => bad(`dateTime ${text || 'empty'}`, texts(text), 'date_time')),
  ...OTHER_TYPES.map(text => bad(`dateTime ${text}`, { dateTime: text }, 'date_time')),
  bad('dateTime null', { dateTime: 'null' }, 'date_time'),
  bad('no dateTime', { dateTime: undefined }, 'date_time'),
  ...TIMES.map(([text, date_time]) => good(`dateTime ${text}`, texts(text), { date_time })),
  bad('dateTime in the year 0', texts('0000-01-01T00:00:00'), 'date_time_too_early'),
  bad('dateTime in the year 1', texts('0001-01-01T00:00:00'), 'date_time_too_early'),
  bad('dateTime 1 µs before the lower bound', texts('1969-12-31T23:59:59.999999'), 'date_time_too_early'),
  good('dateTime an hour after its record', texts('2025-03-20T15:31:28.5'), {
    date_time: '2025-03-20T15:31:28.500000Z',
  }),
  bad(
    'dateTime an hour and 1 µs after its record',
    texts('2025-03-20T15:31:28.500001'),
    'date_time_too_late',
  ),
  bad('dateTime in the year 2300', texts('2300-01-01T00:00:00'), 'date_time_too_late'),
  bad('dateTime in the year 9999', texts('9999-12-31T23:59:59.999999'), 'date_time_too_late'),
  bad('dateTime in the year 10000 of UTC', texts('9999-12-31T23:59:59-23:59'), 'date_time_too_late'),

  ...NO_TIMES.map(text => bad(`receiveDateTime ${text || 'empty'}`, received(text), 'receive_date_time')),
  ...OTHER_TYPES.map(text => bad(`receiveDateTime ${text}`, { receiveDateTime: text }, 'receive_date_time')),
  ...TIMES.map(([text, time]) =>
    good(`receiveDateTime ${text}`, received(text), { receive_date_time: time }),
  ),
  good('receiveDateTime null', { receiveDateTime: 'null' }, { receive_date_time: null }),
  good('no receiveDateTime', { receiveDateTime: undefined }, { receive_date_time: null }),
  good('receiveDateTime in 1700', received('1700-01-01T00:00:00'), {
    receive_date_time: '1700-01-01T00:00:00.000000Z',
  }),
  good('receiveDateTime in 2249', received('2249-12-31T23:59:59.999999'), {
    receive_date_time: '2249-12-31T23:59:59.999999Z',
  }),
  bad('receiveDateTime in the year 1', received('0001-01-01T00:00:00'), 'receive_date_time'),
  bad('receiveDateTime in the year 9999', received('9999-12-31T23:59:59'), 'receive_date_time'),
]
