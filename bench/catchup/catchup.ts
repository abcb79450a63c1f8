import type { Bench, BenchRun, Results } from '../benches.ts'
import { measureHistory } from './history.ts'
import { CATCHUP_OPTIONS, type CatchupOptions, catchupOptions, type Mode } from './options.ts'
import { measureOutage } from './outage.ts'
import { measureScattered } from './scattered.ts'
import { measureTrickle } from './trickle.ts'

const MEASURES: Readonly<Record<Mode, (run: BenchRun, options: CatchupOptions) => Promise<Results>>> = {
  scattered: measureScattered,
  history: measureHistory,
  outage: measureOutage,
  trickle: measureTrickle,
}

/** What candles have to catch up with, beside 20 symbols × 1 live tick a second. */
export const catchup: Bench = {
  usage: `Late, historic and missed ticks beside 20 live symbols, a tick a second: how long until every candle is right, and
             how much later live candles come than usual. Every candle is held to its ticks at the end; more than half an
             hour to catch up, or ten minutes for a live minute, is a failure. One of
               --scattered  --ticks N (20000) at once: 97 % of the last 100 hours, 3 % of 40 days, 14 symbols, 2 sources
               --history    --ticks N (10000000) of 30 days × 20 symbols, as fast as Kafka takes them, on partitions of
                            their own
               --outage     no rollup for --outage-minutes N (180), then all functions at once
               --trickle    3 % late ticks, by up to 40 days: the second half of --minutes N (60)
             and --minutes N (5) of live ticks alone before and after; --full-days N (0) of a tick a second in the tables
             before; --busy: a loop keeps one core busy; --log FILE keeps what the functions log`,
  options: CATCHUP_OPTIONS,
  measure: async run => {
    const options = catchupOptions(run)
    return MEASURES[options.mode](run, options)
  },
}
