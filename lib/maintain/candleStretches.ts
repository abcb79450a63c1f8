import type { LiveFile } from '../iceberg/dataFile.ts'
import { chooseStretches } from '../iceberg/upkeep/chooseStretches.ts'
import type { Micros } from '../market/time.ts'
import {
  bucketEnd,
  bucketStart,
  finerOf,
  TIMEFRAMES,
  type Timeframe,
  timeframeOfRemoved,
} from '../market/timeframe.ts'
import { SETTLED_FILE_ROWS } from '../rollup/layOut.ts'
import { widestWindow } from '../rollup/liveWindow.ts'
import { rowTimeframesOf, startsOf } from '../tables/candleFiles.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'

const RULE = {
  along: CANDLE_FIELDS.dateTime,
  across: [CANDLE_FIELDS.source, CANDLE_FIELDS.symbol],
  fileRows: SETTLED_FILE_ROWS,
  /** While they are laid out, they take 100 MB. */
  stretchRows: 10 * SETTLED_FILE_ROWS,
}

/** With as many buckets in a file, or more, a look at 500 candles of one symbol reads few files, of each a row group. */
export const MOST_BUCKETS = 50

/**
 * Full files of many symbols that no live round reads any more, stretch by stretch: of the same rows sorted by symbol, one
 * symbol's candles lie in one file of a stretch and not in all of them.
 */
export function candleStretches(files: readonly LiveFile[], nowUs: Micros): LiveFile[][] {
  const { fromUs: liveFromUs } = widestWindow(nowUs)
  const byTimeframe = Map.groupBy(files, timeframeOfFile)
  return TIMEFRAMES.flatMap(timeframe => {
    const untilUs = restsUntil(timeframe, liveFromUs)
    const ofIt = byTimeframe.get(timeframe.name) ?? []
    const atRest = ofIt.filter(file => bucketEnd(timeframe, startsOf(file).toUs) <= untilUs)
    return chooseStretches(atRest, { ...RULE, untilUs, isWorthIt: file => isShort(file, timeframe) })
  })
}

/** That of all its rows, of removed candles too; undefined where others mixed them. */
function timeframeOfFile(file: LiveFile): string | undefined {
  const [name, ...others] = rowTimeframesOf(file)
  return name === undefined || others.length > 0 ? undefined : (timeframeOfRemoved(name) ?? name)
}

function isShort(file: LiveFile, timeframe: Timeframe): boolean {
  const { fromUs, toUs } = startsOf(file)
  return (toUs - fromUs) / (bucketEnd(timeframe, fromUs) - fromUs) < MOST_BUCKETS
}

/** Candles that end by then are neither changed by live rounds nor are others put together from them. */
function restsUntil(timeframe: Timeframe, liveFromUs: Micros): Micros {
  const coarser = TIMEFRAMES.filter(other => finerOf(other)?.name === timeframe.name)
  return Math.min(...[timeframe, ...coarser].map(each => bucketStart(each, liveFromUs)))
}
