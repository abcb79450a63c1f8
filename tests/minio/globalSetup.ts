import type { TestProject } from 'vitest/node'
import { serve } from '../integration/globalSetup.ts'

/** The same servers as those of the integration tests, but with the object store and the catalog of compose.yaml. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return serve(project, 'minio')
}
