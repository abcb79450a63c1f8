import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { missingTools } from '../../sandbox/tools.mjs'
import { temporaryFolder } from './support.ts'

const COMMANDS = new URL('../../sandbox/commands.ts', import.meta.url).pathname

function sandbox(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    const options = { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } }
    execFile(process.execPath, [COMMANDS, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })
}

describe('npm run sandbox', () => {
  test('--help says all 6 commands and ends with 0; a command that is none ends with 2', async () => {
    const [help, none, wrong] = await Promise.all([sandbox(['--help']), sandbox([]), sandbox(['start'])])
    expect(help.code).toBe(0)
    for (const name of ['up', 'down', 'status', 'logs', 'env', 'reset'])
      expect(help.output).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect([none.code, wrong.code]).toEqual([2, 2])
  })

  test('status ends with 3 when all are down, and down with 0; Prometheus is down, or not installed, as the machine has it', async () => {
    const env = { TICKHOUSE_DATA: join(temporaryFolder(), 'data') }
    const [status, down] = await Promise.all([sandbox(['status'], env), sandbox(['down'], env)])
    expect(status.output.match(/^(Kafka|SeaweedFS|Trino) +down /gm)).toHaveLength(3)
    expect(status.output).toMatch(/^Prometheus (down|not installed) /m)
    expect([status.code, down.code]).toEqual([3, 0])
  })

  test('env follows a moved port, in lines that a shell evaluates', async () => {
    const { output } = await sandbox(['env'], { KAFKA_PORT: '19092' })
    expect(output).toContain("export KAFKA_BROKERS='127.0.0.1:19092'\n")
  })

  test("reset of someone else's folder ends with 1 and one line, no stack", async () => {
    const dir = temporaryFolder()
    const { code, output } = await sandbox(['reset'], { TICKHOUSE_DATA: dir })
    expect(code).toBe(1)
    expect(output).toBe(`${dir} was not made by the sandbox: nothing was removed. Check TICKHOUSE_DATA.\n`)
  })
})

describe('the tools check', () => {
  async function withPath(dir: string): Promise<string[]> {
    const path = process.env.PATH
    process.env.PATH = dir
    try {
      return await missingTools()
    } finally {
      process.env.PATH = path
    }
  }

  test('names all 3 that are missing, each with its cure', async () => {
    const problems = await withPath(temporaryFolder())
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatch(/^Python 3 with pip is missing: .*"python3".*apt install python3/)
    expect(problems[1]).toMatch(/^Java 17 or newer is missing: .*"java".*openjdk-17/)
    expect(problems[2]).toMatch(/^Maven is missing: .*"mvn".*apt install maven/)
  })

  test('names Java 11 as too old, with its own words', async () => {
    const dir = temporaryFolder()
    const answers = {
      python3: 'pip 23.2.1 from /lib',
      java: 'openjdk version \\"11.0.2\\" 2019-01-15',
      mvn: 'Apache Maven 3.8.7',
    }
    for (const [name, answer] of Object.entries(answers)) {
      writeFileSync(join(dir, name), `#!/bin/sh\necho "${answer}"\n`)
      chmodSync(join(dir, name), 0o755)
    }
    expect(await withPath(dir)).toEqual([
      expect.stringMatching(
        /^Java 17 or newer is missing: "java -version" answers: openjdk version "11\.0\.2"/,
      ),
    ])
  })
})
