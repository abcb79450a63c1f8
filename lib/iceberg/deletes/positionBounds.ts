import { decodeBound } from '../bounds.ts'
import type { DataFile, LiveFile } from '../dataFile.ts'
import { compareText } from '../text.ts'

/** The columns of a position delete file. https://iceberg.apache.org/spec/#reserved-field-ids */
export const FILE_PATH_ID = 2147483546
export const POSITION_ID = 2147483545

/** The only data file that a position delete file names, if its manifest says so. */
export function onlyNamed(deletes: DataFile): string | undefined {
  if (deletes.deletesBy !== 'position') return undefined
  if (deletes.referencedDataFile !== undefined) return deletes.referencedDataFile
  const { lower, upper } = boundsOf(deletes)
  return lower !== undefined && lower === upper ? lower : undefined
}

/**
 * False when a position delete file cannot name the data file: its bounds exclude the path, or the data file is newer (a merge
 * moves older rows into a new file).
 */
export function mayName(deletes: LiveFile, { path, sequenceNumber, fileSequenceNumber }: LiveFile): boolean {
  const { lower, upper } = boundsOf(deletes)
  return (
    deletes.sequenceNumber >= sequenceNumber &&
    deletes.fileSequenceNumber >= fileSequenceNumber &&
    (lower === undefined || compareText(lower, path) <= 0) &&
    (upper === undefined || compareText(upper, path) >= 0)
  )
}

function boundsOf({ lowerBounds, upperBounds }: DataFile) {
  return { lower: text(lowerBounds?.get(FILE_PATH_ID)), upper: text(upperBounds?.get(FILE_PATH_ID)) }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && String(decodeBound('string', bytes))
}
