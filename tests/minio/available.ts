import { existsSync } from 'node:fs'
import { artefactDir } from '../../sandbox/artefacts/install.ts'
import { ARTEFACTS } from '../../sandbox/artefacts/table.ts'
import { findProgram } from '../../sandbox/processes/findProgram.ts'
import { readSettings } from '../../sandbox/settings.ts'

/** True when MinIO is built already, or Go is there to build it. */
export function isMinioAvailable(): boolean {
  const minio = ARTEFACTS.find(({ name }) => name === 'minio')!
  return existsSync(artefactDir(readSettings().cacheDir, minio)) || findProgram('go') !== undefined
}
