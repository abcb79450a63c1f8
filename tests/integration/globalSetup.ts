import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { explain } from '../../sandbox/errors.ts'
import { openPipeline } from '../../sandbox/pipeline.ts'
import type { Lake, Settings } from '../../sandbox/settings.ts'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The variables that point the functions, and any client, at the tests' own servers. */
    sandboxEnv: Record<string, string>
    /** Where they are: for a test that ends one of them and brings it back. */
    sandboxSettings: Settings
  }
}

/** Real servers for all integration tests. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return serve(project, 'seaweedfs')
}

/** Real servers for all tests of a project: on ports of their own, with fresh data, gone afterwards. */
export async function serve(project: TestProject, lake: Lake): Promise<() => Promise<void>> {
  const sandbox = await start(lake)
  project.provide('sandboxEnv', sandbox.env)
  project.provide('sandboxSettings', sandbox.settings)
  return () => sandbox.remove()
}

async function start(lake: Lake): Promise<Sandbox> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-tests-'))
  try {
    const sandbox = await startSandbox({ dataDir, ports: 'free', lake, onProgress: say })
    await setUp(sandbox)
    return sandbox
  } catch (error) {
    // One message for a person: the stack of a port in use or a missing program tells nothing.
    throw new Error(`The tests' sandbox did not start: ${explain(error)}`, { cause: error })
  }
}

async function setUp(sandbox: Sandbox): Promise<void> {
  const pipeline = openPipeline(sandbox.settings, say)
  try {
    await pipeline.setUp()
  } catch (error) {
    await sandbox.remove()
    throw error
  } finally {
    await pipeline.close()
  }
}

function say(line: string): void {
  console.log(`[sandbox] ${line}`)
}
