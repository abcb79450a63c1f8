import type { Reporter, TestModule } from 'vitest/node'

/** Names every test that was skipped; with CI=true a skip is a failure, as a tool is missing that CI must have. */
export default class SkipsFail implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(module => [...module.children.allTests('skipped')])
    for (const test of skipped) {
      const { note } = test.result() as { note?: string }
      console.error(`skipped: ${test.fullName}${note ? ` (${note})` : ''}`)
    }
    if (skipped.length > 0 && process.env.CI) process.exitCode = 1
  }
}
