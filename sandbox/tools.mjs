import { execFile } from 'node:child_process'

/**
 * What the sandbox needs on the machine: how to ask for it, what the answer has to say, and the cure. One row each.
 * `found` gives the version from the program's output, or undefined when it is not what is wanted.
 */
const TOOLS = [
  {
    title: 'Python 3 with pip',
    command: ['python3', '-m', 'pip', '--version'],
    found: output => /^pip (\S+)/m.exec(output)?.[1],
    cure: 'Debian, Ubuntu: sudo apt install python3 python3-pip; macOS: brew install python',
  },
  {
    title: 'Java 17 or newer',
    command: ['java', '-version'],
    found: output => atLeast(/version "(\d+)/.exec(output)?.[1], 17),
    cure: 'Debian, Ubuntu: sudo apt install openjdk-17-jre-headless; macOS: brew install openjdk@21',
  },
  {
    title: 'Maven',
    command: ['mvn', '--version'],
    found: output => /Apache Maven (\S+)/.exec(output)?.[1],
    cure: 'Debian, Ubuntu: sudo apt install maven; macOS: brew install maven',
  },
]

/** What is needed besides to build MinIO. */
const GO = {
  title: 'Go 1.21 or newer',
  command: ['go', 'version'],
  found: output => atLeast(/go1\.(\d+)/.exec(output)?.[1], 21),
  cure: 'https://go.dev/doc/install; macOS: brew install go',
}

/** Which of the needed programs are missing or too old: one sentence each, with the cure; empty when all is well. */
export async function missingTools({ withGo = false } = {}) {
  const problems = await Promise.all([...TOOLS, ...(withGo ? [GO] : [])].map(problemOf))
  return problems.filter(problem => problem !== undefined)
}

async function problemOf({ title, command: [file, ...args], found, cure }) {
  const { output, missing } = await run(file, args)
  if (missing) return `${title} is missing: there is no program "${file}" on the PATH. ${cure}`
  if (found(output) !== undefined) return undefined
  const answer = output.trim().split('\n')[0] || 'nothing'
  return `${title} is missing: "${[file, ...args].join(' ')}" answers: ${answer}. ${cure}`
}

function run(file, args) {
  return new Promise(resolve => {
    execFile(file, args, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ output: `${stdout}${stderr}`, missing: error?.code === 'ENOENT' }),
    )
  })
}

function atLeast(version, wanted) {
  return Number(version) >= wanted ? version : undefined
}
