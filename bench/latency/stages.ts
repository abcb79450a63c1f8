import { readFileSync } from 'node:fs'

/** What a function says of an invocation, as far as it is wanted here. */
interface LogLine {
  readonly time: string
  readonly function: string
  readonly message: string
  readonly durationMs: number
  readonly changed?: number
  readonly sent?: number
  readonly stagesMs: Readonly<Record<string, number>>
}

/** How long a minute's work took, by stage: what rollup and publish say, and what is left of the delay. */
export type MinuteStages = Readonly<Record<string, number>>

/** Stages of rollup, from the minute's end on, in their order; then `publish`: until a consumer could read all. */
const ROLLUP_STAGES = ['grace', 'ingest', 'metadata', 'select', 'read', 'write', 'commit'] as const

/** Finds the invocations that worked on the minute that ended at `endMs`; undefined when the log has none. */
export function stagesOf(
  lines: readonly LogLine[],
  endMs: number,
  delayMs: number,
): MinuteStages | undefined {
  const startMs = ({ time, durationMs }: LogLine) => Date.parse(time) - durationMs
  const isOfMinute = (line: LogLine) => startMs(line) >= endMs - 2_000 && startMs(line) < endMs + 58_000
  const ofMinute = lines.filter(isOfMinute)
  const rollup = ofMinute.find(line => line.function === 'rollup' && (line.changed ?? 0) > 0)
  const publish = ofMinute.find(line => line.function === 'publish' && (line.sent ?? 0) > 0)
  if (rollup === undefined || publish === undefined) return undefined
  const stages = Object.fromEntries(ROLLUP_STAGES.map(stage => [stage, rollup.stagesMs[stage] ?? 0]))
  const schedule = startMs(rollup) - endMs
  const before = Object.values(stages).reduce((sum, ms) => sum + ms, schedule)
  const within = Object.entries(publish.stagesMs).map(([stage, ms]) => [`publish.${stage}`, ms])
  return { schedule, ...stages, publish: delayMs - before, ...Object.fromEntries(within) }
}

/** The lines of a log that functions wrote; others are passed over. */
export function readLog(file: string): LogLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line.includes('"stagesMs"'))
    .flatMap(line => {
      try {
        return [JSON.parse(line.slice(line.indexOf('{'))) as LogLine]
      } catch {
        return []
      }
    })
    .filter(({ message }) => message === 'done')
}
