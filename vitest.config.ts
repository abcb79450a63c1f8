import { defineConfig } from 'vitest/config'
import { isMinioAvailable } from './tests/minio/available.ts'

/** Integration tests that hold for every object store and catalog. */
const ON_ANY_LAKE = [
  'tests/contracts/*.integration.test.ts',
  'tests/integration/iceberg.test.ts',
  'tests/integration/pipeline.test.ts',
  'tests/integration/sampleTicks.test.ts',
]

export default defineConfig({
  test: {
    reporters: ['default', 'json', './tests/skipsFail.ts'],
    outputFile: { json: 'test-results/vitest.json' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts', 'plugins/**/*.test.ts'],
          exclude: [
            'tests/integration/**',
            'tests/browser/**',
            'tests/minio/**',
            '**/*.integration.test.ts',
            'node_modules/**',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.ts'],
          exclude: ['**/*.integration.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts', '**/*.integration.test.ts'],
          exclude: ['node_modules/**'],
          globalSetup: ['tests/integration/globalSetup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'minio',
          ...(isMinioAvailable()
            ? { include: ON_ANY_LAKE, globalSetup: ['tests/minio/globalSetup.ts'] }
            : { include: ['tests/minio/unavailable.test.ts'] }),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
