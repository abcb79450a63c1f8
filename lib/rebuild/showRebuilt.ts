import type { Tally } from './compareWithKafka.ts'
import type { Run } from './offsetSet.ts'
import type { Rebuilt } from './rebuild.ts'
import type { LogFindings } from './rebuildTicks.ts'
import type { Source } from './states.ts'

/** The result of a rebuild as text for an operator. */
export function showRebuilt({ ticks, candles, isWritten }: Rebuilt, topic: string): string {
  return [
    `ticks    ${ORIGIN[ticks.source]}`,
    ...ticks.logs.flatMap(log => showLog(log, topic)),
    ...(ticks.source === 'rows' ? [ticks.isProven ? PROVEN : NOT_PROVEN] : []),
    `candles  ${ORIGIN[candles.source]}; ${count(candles.hoursMarked)} hours are to be recomputed`,
    isWritten ? 'written' : 'nothing was written: --dry-run',
  ].join('\n')
}

const ORIGIN: Readonly<Record<Source, string>> = {
  there: 'the table has its state',
  metadata: 'the state is restored from an earlier metadata file',
  rows: 'the state is worked out from the rows',
}
const PROVEN = '         every offset below these is in the table once, or was not a tick'
const NOT_PROVEN = '         the offsets listed above are not proven; none of them is taken in again'

function showLog(log: LogFindings, topic: string): string[] {
  const { epoch, partition, next, present, doubled, doubledOffsets, missing, toCome } = log
  const { deadLetters, unseen, goodTicks, withoutLetter, unknown } = missing
  const firsts = doubledOffsets.map(offset => ({ from: offset, to: offset + 1 }))
  return [
    `         ${topic}-${partition} epoch ${epoch}: next ${next}; ${count(present)} ticks, ${count(deadLetters)} dead letters, ` +
      `${count(unseen)} that no reader sees; ${count(toCome)} not read yet`,
    ...told({ count: doubled, runs: firsts }, 'rows are in the table more than once'),
    ...told(goodTicks, 'ticks are on Kafka and not in the table: deleted there, or lost'),
    ...told(withoutLetter, 'bad ticks are on Kafka and not on the dead-letter topic'),
    ...told(unknown, 'offsets are gone everywhere: nobody knows what they were'),
  ]
}

function told(tally: Tally, what: string): string[] {
  if (tally.count === 0) return []
  const runs = tally.runs.map(showRun).join(', ')
  const more = tally.runs.reduce((sum, { from, to }) => sum + to - from, 0) < tally.count ? ', …' : ''
  return [`           ${count(tally.count)} ${what}: ${runs}${more}`]
}

function showRun({ from, to }: Run): string {
  return to === from + 1 ? String(from) : `${from}–${to - 1}`
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}
