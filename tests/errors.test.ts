import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')

/** Where errors that an operator may meet are thrown. */
const FOLDERS = ['lib', 'functions', 'plugins', 'bin', 'sandbox']
const sources = globSync(
  FOLDERS.map(folder => `${folder}/**/*.{ts,mts,mjs}`),
  { cwd: ROOT },
).filter(path => !path.includes('/tests/') && !path.includes('node_modules'))

/** The first argument of the constructors of our errors. */
function codesIn(text: string): string[] {
  return [...text.matchAll(/(?:super|new (?:Tickhouse|EventSource)Error)\(\s*'([A-Z][A-Z0-9_]*)'/g)].map(
    ([, code]) => code!,
  )
}

interface Row {
  readonly code: string
  readonly cells: readonly string[]
}

const rows: Row[] = [...read('docs/errors.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|(.*)\|$/gm)].map(
  ([, code, rest]) => ({ code: code!, cells: rest!.split(' | ').map(cell => cell.trim()) }),
)
const inSource = new Set(sources.flatMap(path => codesIn(read(path))))

const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts

/** The commands of a text: `npm run NAME -- …`. */
function commandsIn(text: string) {
  return [...text.matchAll(/npm run (?:-s )?([\w:-]+)(?: -- ([^`"'#\n]*))?/g)].map(
    ([whole, script, args = '']) => {
      return { whole, script: script!, args: args.split(' ').filter(arg => /^[a-z-]/.test(arg)) }
    },
  )
}

/** What the program of a script understands: the texts of its file and, of the sandbox, of its commands. */
function programOf(script: string): string {
  const path = /(?:bin|sandbox|tests|bench)\/[\w/-]+\.m?[jt]s/.exec(scripts[script] ?? '')?.[0]
  return [path, ...(script === 'sandbox' ? ['sandbox/commands.ts'] : [])]
    .filter(file => file !== undefined)
    .map(read)
    .join('\n')
}

test('errors are looked for where there are some: 60 codes at least, of lib, plugin and sandbox', () => {
  expect(inSource.size).toBeGreaterThan(60)
  for (const code of ['STATE_MISSING', 'FETCH_FAILED', 'PORT_IN_USE', 'COMMIT_CONFLICT']) {
    expect(inSource).toContain(code)
  }
})

describe('docs/errors.md', () => {
  test('has a row for each code that the sources have, and for no other', () => {
    const listed = rows.map(({ code }) => code)
    expect([...inSource].filter(code => !listed.includes(code))).toEqual([])
    expect(listed.filter(code => !inSource.has(code))).toEqual([])
  })

  test('has each code once, with what it means, what goes on, a cure, and the test or none', () => {
    const counts = Map.groupBy(rows, ({ code }) => code)
    expect([...counts].filter(([, some]) => some.length > 1).map(([code]) => code)).toEqual([])
    for (const { code, cells } of rows) {
      expect(cells, code).toHaveLength(4)
      for (const cell of cells) expect(cell, code).not.toBe('')
    }
  })

  test('names a test for each code, or says why there is none', () => {
    for (const { code, cells } of rows) expect(cells[3], code).toMatch(/^`|^– \S/)
  })

  test('names tests that exist', () => {
    const named = rows.flatMap(({ cells }) => [...cells[3]!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!))
    expect(named.length).toBeGreaterThan(60)
    expect(named.filter(path => !existsSync(`${ROOT}${path}`))).toEqual([])
  })
})

describe('commands that an error, its cure or README names', () => {
  const texts = ['docs/errors.md', 'docs/rollup.md', 'README.md', ...sources]
  const commands = texts.flatMap(path => commandsIn(read(path)).map(command => ({ path, ...command })))

  test('are scripts of package.json', () => {
    expect(commands.length).toBeGreaterThan(30)
    expect(commands.filter(({ script }) => scripts[script] === undefined)).toEqual([])
  })

  test('name options and commands that these understand', () => {
    const ofPrograms = commands.filter(({ script }) =>
      ['offsets', 'rebuild', 'verify', 'sandbox'].includes(script),
    )
    const unknown = ofPrograms.flatMap(({ path, whole, script, args }) =>
      args
        .filter(arg => !programOf(script).includes(arg.replace(/^--|[:;.,)]+$/g, '')))
        .map(arg => ({ path, whole, arg })),
    )
    expect(ofPrograms.length).toBeGreaterThan(15)
    expect(unknown).toEqual([])
  })
})
