import { defineConfig, type Plugin } from 'vitest/config'
import { bundlePage } from './bundlePage.ts'
import { isMinioAvailable } from './tests/minio/available.ts'

/** Integration tests that hold for every object store and catalog. */
const ON_ANY_LAKE = [
  'tests/contracts/*.integration.test.ts',
  'tests/integration/iceberg.test.ts',
  'tests/integration/pipeline.test.ts',
  'tests/integration/sampleTicks.test.ts',
  'tests/others/*.integration.test.ts',
]

/** Longer than anything waits for on a busy machine: only a failure takes it. */
const expect = { poll: { timeout: 60_000 } }

/** The plugin of `bundle.ts` for `functions/page.ts`, which imports the page. */
const bundledPage: Plugin = {
  name: 'bundled-page',
  load: async id =>
    id.endsWith('/page/index.html') ? `export default ${JSON.stringify(await bundlePage())}` : null,
}

export default defineConfig({
  test: {
    reporters: ['default', 'json', './tests/skipsFail.ts'],
    outputFile: { json: 'test-results/vitest.json' },
    // Servers end in good order.
    teardownTimeout: 120_000,
    projects: [
      {
        plugins: [bundledPage],
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
          testTimeout: 120_000,
          expect,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.ts'],
          exclude: ['**/*.integration.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts', '**/*.integration.test.ts'],
          exclude: ['node_modules/**'],
          globalSetup: ['tests/integration/globalSetup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'minio',
          ...(isMinioAvailable()
            ? { include: ON_ANY_LAKE, globalSetup: ['tests/minio/globalSetup.ts'] }
            : { include: ['tests/minio/unavailable.test.ts'] }),
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect,
          fileParallelism: false,
        },
      },
    ],
  },
})
