import type { LiveFile } from '../dataFile.ts'
import { UnsupportedTable } from '../errors.ts'
import type { TableMetadata } from '../metadata.ts'
import { liveFiles, type ManifestFile } from './manifestFile.ts'
import { mayHold, rangesOf } from './prune.ts'

/**
 * Throws `UnsupportedTable` when a row-level delete may apply to one of the files: their rows are then not the
 * table's rows. Deletes apply to files of their own or a smaller sequence number.
 * https://iceberg.apache.org/spec/#scan-planning
 */
export function refuseDeletes(
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
  files: readonly LiveFile[],
): void {
  const deletes = manifests.filter(manifest => manifest.content === 'deletes' && liveFiles(manifest) > 0)
  for (const manifest of deletes) {
    const touched = files.find(file => mayTouch(metadata, manifest, file))
    if (touched)
      throw new UnsupportedTable(
        `table ${metadata.location}: ${touched.path} may have rows that another engine deleted (${manifest.path}); ` +
          'compact the table first (ALTER TABLE … EXECUTE optimize)',
      )
  }
}

function mayTouch(metadata: TableMetadata, manifest: ManifestFile, file: LiveFile): boolean {
  if (manifest.sequenceNumber < file.sequenceNumber) return false
  // Equality deletes of an unpartitioned spec are global: only a manifest of the file's own spec can be ruled out.
  return manifest.specId !== file.specId || mayHold(metadata, manifest, rangesOf(file.partition))
}
