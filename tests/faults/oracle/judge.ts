import { expectedRow, isExpectedLate, type LoggedRecord, type Row } from './expectedRow.ts'

/** A dead letter as it lies on its topic. */
export interface Letter {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

/** What is not as it must be; `id` names one fault, however often it is found. */
export interface Finding {
  readonly kind: 'lost' | 'doubled' | 'wrong'
  readonly id: string
  readonly detail?: string
}

/** Totals as a snapshot's summary has them. */
export interface Totals {
  readonly ticks: number
  readonly late: number
  readonly lost: number
  readonly deadLetters: Readonly<Record<string, number>>
}

/** Each good record once in the table, with equal values, and nothing else there. */
export function judgeRows(records: readonly LoggedRecord[], rows: readonly Row[]): Finding[] {
  const left = Map.groupBy(rows, rowPlace)
  const findings: Finding[] = []
  for (const record of records.filter(({ expect }) => expect === 'tick')) {
    const place = placeOf(record)
    const [row, ...more] = left.get(place) ?? []
    left.delete(place)
    if (row === undefined) findings.push({ kind: 'lost', id: `tick ${place}` })
    else if (more.length > 0) findings.push({ kind: 'doubled', id: `tick ${place}` })
    else findings.push(...differences(place, expectedRow(record), row))
  }
  return [
    ...findings,
    ...[...left.keys()].map(place => wrong(`a row that no good record stands for: ${place}`)),
  ]
}

/** Each bad record on the dead-letter topic, at least once, bytes and headers as they were, and nothing else there. */
export function judgeLetters(records: readonly LoggedRecord[], letters: readonly Letter[]): Finding[] {
  const byPlace = Map.groupBy(letters, letterPlace)
  const findings: Finding[] = []
  for (const record of records.filter(({ expect }) => expect !== 'tick')) {
    const place = placeOf(record)
    const found = byPlace.get(place)
    byPlace.delete(place)
    if (found === undefined) findings.push({ kind: 'lost', id: `dead letter ${place} (${record.expect})` })
    else if (!found.every(letter => isLetterOf(record, letter)))
      findings.push(wrong(`the dead letter ${place}`))
  }
  return [...findings, ...[...byPlace.keys()].map(place => wrong(`a dead letter of no bad record: ${place}`))]
}

/** The summary counts what the log holds; `lost` is what retention took. */
export function judgeTotals(records: readonly LoggedRecord[], lost: number, found: Totals): Finding[] {
  const good = records.filter(({ expect }) => expect === 'tick')
  const bad = Map.groupBy(
    records.filter(({ expect }) => expect !== 'tick'),
    ({ expect }) => expect,
  )
  const wanted: Totals = {
    ticks: good.length,
    late: good.filter(isExpectedLate).length,
    lost,
    deadLetters: Object.fromEntries([...bad].map(([reason, { length }]) => [reason, length])),
  }
  return differences('the totals', flat(wanted), flat(found))
}

/** The vector stands exactly behind the last readable record of each partition. */
export function judgeVector(ends: ReadonlyMap<number, number>, next: ReadonlyMap<number, number>): Finding[] {
  return differences('the vector', Object.fromEntries(ends), Object.fromEntries(next))
}

const PLACE_HEADERS = ['tickhouse.epoch', 'tickhouse.partition', 'tickhouse.offset'] as const

function placeOf({ epoch, partition, offset }: LoggedRecord): string {
  return `${epoch}/${partition}/${offset}`
}

function rowPlace({ kafka_epoch, kafka_partition, kafka_offset }: Row): string {
  return `${kafka_epoch}/${kafka_partition}/${kafka_offset}`
}

function letterPlace({ headers }: Letter): string {
  return PLACE_HEADERS.map(name => headers[name]).join('/')
}

function isLetterOf(record: LoggedRecord, { key, value, headers }: Letter): boolean {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('tickhouse.'))
  return (
    isSameBytes(record.key, key) &&
    isSameBytes(record.value, value) &&
    JSON.stringify(own.sort()) === JSON.stringify(Object.entries(record.headers).sort()) &&
    headers['tickhouse.reason'] === record.expect &&
    headers['tickhouse.timestamp'] === String(record.timestampMs)
  )
}

function isSameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

type Flat = Readonly<Record<string, string | number | boolean | null>>

function flat({ deadLetters, ...counts }: Totals): Flat {
  return { ...counts, ...deadLetters }
}

function differences(what: string, wanted: Flat, found: Flat): Finding[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)])
  return [...names]
    .filter(name => wanted[name] !== found[name])
    .map(name => {
      const detail = `${JSON.stringify(found[name])}, not ${JSON.stringify(wanted[name])}`
      return { ...wrong(`${what}: ${name}`), detail }
    })
}

function wrong(id: string): Finding {
  return { kind: 'wrong', id }
}
