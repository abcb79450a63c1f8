import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { registries } from '../../sandbox/artefacts/fetch.ts'
import { runCommand } from '../../sandbox/processes/command.ts'
import { temporaryFolder } from './support.ts'

test('programs that are missing or too old are named with their cures; with them there all is well', async () => {
  const dir = temporaryFolder()
  vi.stubEnv('PATH', dir)
  onTestFinished(() => void vi.unstubAllEnvs())
  const program = (name: string, answer: string) =>
    writeFileSync(join(dir, name), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 })
  program('java', 'openjdk version "11.0.2"')
  await expect(registries.requireTools([])).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: expect.stringMatching(
      /python3.*apt install[\s\S]*Java 17.*version "11[\s\S]*"mvn".*apt install maven/,
    ),
  })
  program('java', 'openjdk version "21.0.1"')
  program('python3', 'pip 25.1 from /usr/lib')
  program('mvn', 'Apache Maven 3.9.9')
  await expect(registries.requireTools([])).resolves.toBeUndefined()
})

test('a program that fails is named with its end and the last line of its output, which says what to put right', async () => {
  const program =
    'if (!process.env.DISK) { console.error("more\\nset DISK"); process.exit(3) } console.log("done")'
  const run = (env: NodeJS.ProcessEnv) => runCommand(process.execPath, ['-e', program], { env })
  await expect(run({})).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(/ended with code 3: set DISK$/),
    output: 'more\nset DISK\n',
  })
  expect(await run({ DISK: '/d' })).toBe('done\n')
})
