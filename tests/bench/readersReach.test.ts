import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('npm run readers without a sandbox ends with 1 and says how to start one, before it fetches anything', () => {
  const script = fileURLToPath(new URL('../../bench/readers/run.ts', import.meta.url))
  // The port of nobody: reserved, and no program may listen on it without being root.
  const env = { ...process.env, ICEBERG_URI: 'http://127.0.0.1:1', TICKHOUSE_CACHE: '/nonexistent' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' })
  expect(stderr).toContain(
    'Nothing answers at http://127.0.0.1:1 (ICEBERG_URI). Start a sandbox with npm start',
  )
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})
