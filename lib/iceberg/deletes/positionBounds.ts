import { decodeBound } from '../bounds.ts'
import type { DataFile } from '../dataFile.ts'
import { compareText } from '../text.ts'

/** The columns of a position delete file. https://iceberg.apache.org/spec/#reserved-field-ids */
export const FILE_PATH_ID = 2147483546
export const POSITION_ID = 2147483545

/** The only file that a position delete file names, where its manifest says so. */
export function onlyNamed(deletes: DataFile): string | undefined {
  if (deletes.deletesBy !== 'position') return undefined
  if (deletes.referencedDataFile !== undefined) return deletes.referencedDataFile
  const { lower, upper } = boundsOf(deletes)
  return lower !== undefined && lower === upper ? lower : undefined
}

/** False when the bounds of a position delete file say that it does not name the file. */
export function mayName(deletes: DataFile, path: string): boolean {
  const { lower, upper } = boundsOf(deletes)
  return (
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
