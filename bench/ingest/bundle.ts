import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../sandbox/settings.ts'
import type { BenchRun } from '../benches.ts'

const run = promisify(execFile)

const PACKAGED_WITHIN_MS = 120_000

/** Packages the service as for AWS and unpacks the zip of `ingest`; gives the path of its handler module. */
export async function packagedHandler({ onEnd, progress }: BenchRun): Promise<string> {
  progress('packaging …')
  const dir = mkdtempSync(join(tmpdir(), 'tickhouse-package-'))
  onEnd.defer(() => rmSync(dir, { recursive: true, force: true }))
  const sls = join(ROOT, 'node_modules', 'serverless', 'bin', 'serverless.js')
  await run(process.execPath, [sls, 'package', '--package', dir], { cwd: ROOT, timeout: PACKAGED_WITHIN_MS })
  // Python is among what the sandbox needs anyway; Node reads no zips.
  await run('python3', ['-m', 'zipfile', '-e', join(dir, 'ingest.zip'), join(dir, 'ingest')])
  return join(dir, 'ingest', 'functions', 'ingest.js')
}
