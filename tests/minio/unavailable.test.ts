import { test } from 'vitest'

/** Stands in the place of all others of its project where they cannot run: see vitest.config.ts. */
test('MinIO with the Iceberg REST fixture', context => {
  context.skip('there is no program "go" on the PATH to build MinIO with')
})
