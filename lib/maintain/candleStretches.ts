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
  clusterBy: [CANDLE_FIELDS.source, CANDLE_FIELDS.symbol],
  fileRows: SETTLED_FILE_ROWS,
  /** To cluster them takes 100 MB of memory. */
  stretchRows: 10 * SETTLED_FILE_ROWS,
}

/**
 * Files with fewer buckets are clustered. With this many or more, 500 candles of one symbol lie in about ten files, in one row
 * group of each.
 */
export const MOST_BUCKETS = 50

/**
 * Chooses full files of candles to be clustered by symbol, stretch by stretch. A symbol's candles then lie in one file of a
 * stretch, and not in all. Live rounds no longer read these files.
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

/** The one timeframe of a file's rows, removed candles included; undefined where another engine mixed timeframes. */
function timeframeOfFile(file: LiveFile): string | undefined {
  const [name, ...others] = rowTimeframesOf(file)
  return name === undefined || others.length > 0 ? undefined : (timeframeOfRemoved(name) ?? name)
}

function isShort(file: LiveFile, timeframe: Timeframe): boolean {
  const { fromUs, toUs } = startsOf(file)
  return (toUs - fromUs) / (bucketEnd(timeframe, fromUs) - fromUs) < MOST_BUCKETS
}

/** Candles that end by this moment are not read by live rounds: neither to change them nor for coarser candles. */
function restsUntil(timeframe: Timeframe, liveFromUs: Micros): Micros {
  const coarser = TIMEFRAMES.filter(other => finerOf(other)?.name === timeframe.name)
  return Math.min(...[timeframe, ...coarser].map(each => bucketStart(each, liveFromUs)))
}
