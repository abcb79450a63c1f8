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
  /** Makes a history of ticks, if no tick was ever sent. Returns the number of ticks sent. */
  fillHistory(): Promise<number>
  status(): Promise<PipelineStatus>
  close(): Promise<void>
}

/**
 * The spacing of history's ticks: so many days back, they are so many seconds apart. It is closer near to now, so that the
 * newest hundred candles of each timeframe have several ticks each.
 */
const HISTORY = [
  { days: 180, everySeconds: 14_400 },
  { days: 30, everySeconds: 900 },
  { days: 7, everySeconds: 180 },
  { days: 1.5, everySeconds: 20 },
  { days: 0.25, everySeconds: 4 },
  { days: 0.1, everySeconds: 2 },
] as const

/** The symbols and prices of the `produce` function's own defaults, so that its live ticks carry the history on. */
const INSTRUMENTS = { seed: 1, symbols: 10 } as const

/** Connects to the pipeline on this sandbox's servers; its warnings go to `onWarning`. */
export function openPipeline({ ports }: Settings, onWarning: (line: string) => void): Pipeline {
  const env = { ...process.env, ...functionEnv(ports), STAGE: 'local' }
  const services = connect(readConfig(env), warningsOnly(onWarning))
  return {
    setUp: () => setUp(services),
    async fillHistory() {
      const { ticks, deadLetters, ingestLag } = await pipelineStatus(services)
      if (ticks + deadLetters + ingestLag > 0) return 0
      const nowUs = floorTo(Date.now() * 1_000, MINUTE_US)
      let sent = 0
      for (const [i, { days, everySeconds }] of HISTORY.entries()) {
        const [from, to] = [days, HISTORY[i + 1]?.days ?? 0].map(ago => nowUs - ago * DAY_US)
        const stretch = {
          kind: 'history',
          ...INSTRUMENTS,
          from: from!,
          to: to!,
          everySeconds,
          even: false,
        } as const
        sent += (await produceTicks(services, stretch, () => Number.POSITIVE_INFINITY)).sent
      }
      return sent
    },
    status: () => pipelineStatus(services),
    close: () => services.close(),
  }
}
