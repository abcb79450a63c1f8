import type { Difference, Findings } from './findings.ts'

/** The findings of a verification as text for an operator. */
export function showFindings(findings: Findings, seconds: number): string {
  const { ticks, candles, removed, staleHours, kafkaRecords, published, overtaken, unpublished } = findings
  const total = Object.values(candles).reduce((sum, n) => sum + n, 0)
  const perTimeframe = Object.entries(candles).map(([timeframe, n]) => `${timeframe} ${count(n)}`)
  const { differenceCount, differences, repairable, topics, held, outside } = findings
  return [
    `ticks     ${count(ticks)} that candles are made of`,
    `candles   ${count(total)} recomputed: ${perTimeframe.join(', ')}` +
      (removed > 0 ? `; ${count(removed)} are gone` : ''),
    ...(staleHours > 0
      ? [`stale     ${leftOut(staleHours)}; --wait waits for ${staleHours === 1 ? 'it' : 'them'}`]
      : []),
    ...(outside > 0
      ? [`outside   ${count(outside)} ticks of others before 1700 or after 2249, of which no candle is made`]
      : []),
    ...(held === undefined
      ? []
      : [
          `kept      candles of ${count(held.hours)} hours from ${held.firstDay} to ${held.lastDay}, whose ticks were deleted; compared with one another and Kafka`,
        ]),
    `Kafka     ${count(kafkaRecords)} messages: ${count(published)} candles as in Iceberg` +
      (overtaken > 0 ? `, ${count(overtaken)} changed meanwhile and as in a later snapshot` : '') +
      (unpublished > 0 ? `, ${count(unpublished)} not sent yet` : ''),
    differenceCount === 0
      ? `${staleHours > 0 ? 'all that was compared is equal' : 'all equal'}  (${seconds.toFixed(1)} s)`
      : `${count(differenceCount)} differences  (${seconds.toFixed(1)} s)${differenceCount > differences.length ? ', the first of them:' : ':'}`,
    ...differences.map(difference => `  ${sentence(difference)}`),
    ...(repairable === undefined
      ? []
      : [`cure      npm run repair -- --from ${repairable.from} --to ${repairable.to}`]),
    ...(topics.length === 0
      ? []
      : [
          `cure      where Kafka alone differs: delete the topics of ${topics.join(', ')}, then npm run set-up; publish fills them again from Iceberg`,
        ]),
  ].join('\n')
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

function leftOut(hours: number): string {
  return hours === 1
    ? '1 hour is still being caught up and was not compared'
    : `${count(hours)} hours are still being caught up and were not compared`
}

function sentence({ in: where, problem, candle, fields = {}, detail }: Difference): string {
  const what = candle && `${candle.timeframe} ${candle.dateTime} of ${candle.symbol} (${candle.source})`
  const values = Object.entries(fields).map(
    ([name, { found, expected }]) => `${name} is ${found}, must be ${expected}`,
  )
  return [where, problem, what, ...values, detail].filter(part => part !== undefined).join('  ')
}
