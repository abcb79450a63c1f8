import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { warningsOnly } from '../lib/lambda/log.ts'
import { DAY_US, floorTo, MINUTE_US } from '../lib/market/time.ts'
import { produceTicks } from '../lib/produce/produceTicks.ts'
import { setUp } from '../lib/setup/setUp.ts'
import { type PipelineStatus, pipelineStatus } from '../lib/status/pipelineStatus.ts'
import { functionEnv, type Settings } from './settings.ts'

/** What the sandbox asks of the pipeline itself. */
export interface Pipeline {
  /** Topics and tables, where they are missing. */
  setUp(): Promise<void>
  /** Makes a week of sparse ticks when there has never been one; gives how many were sent. */
  fillHistory(): Promise<number>
  status(): Promise<PipelineStatus>
  close(): Promise<void>
}

const HISTORY_DAYS = 7

/** The symbols and prices of the `produce` function's own defaults, so that its live ticks carry the history on. */
const HISTORY = { kind: 'history', seed: 1, symbols: 10, everySeconds: 60 } as const

/** Connects to the pipeline on this sandbox's servers; its warnings go to `onWarning`. */
export function openPipeline({ ports }: Settings, onWarning: (line: string) => void): Pipeline {
  const env = { ...process.env, ...functionEnv(ports), STAGE: 'local' }
  const services = connect(readConfig(env), warningsOnly(onWarning))
  return {
    setUp: () => setUp(services),
    async fillHistory() {
      const { ticks, deadLetters, ingestLag } = await pipelineStatus(services)
      if (ticks + deadLetters + ingestLag > 0) return 0
      const to = floorTo(Date.now() * 1_000, MINUTE_US)
      const range = { from: to - HISTORY_DAYS * DAY_US, to }
      const { sent } = await produceTicks(services, { ...HISTORY, ...range }, () => Number.POSITIVE_INFINITY)
      return sent
    },
    status: () => pipelineStatus(services),
    close: () => services.close(),
  }
}
