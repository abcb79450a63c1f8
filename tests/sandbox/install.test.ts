import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ArtefactSource } from '../../sandbox/artefacts/fetch.ts'
import { installArtefacts } from '../../sandbox/artefacts/install.ts'
import type { Artefact } from '../../sandbox/artefacts/table.ts'
import { DownloadFailed } from '../../sandbox/errors.ts'
import { recorder, temporaryFolder } from './support.ts'

const artefact = (name: Artefact['name'], version = '1', diskMb = 1): Artefact => ({
  name,
  title: name,
  version,
  downloadMb: 1,
  diskMb,
  fetch: { with: 'pip', package: name },
  mustHave: 'bin/run',
})

/** Writes two files for each artefact, and counts how often it was asked. */
class Registry implements ArtefactSource {
  fetched: string[] = []
  failing: 'before' | 'half-way' | undefined
  without: string | undefined

  requireTools = async () => undefined

  async fetch({ name }: Artefact, { dir }: { dir: string }): Promise<void> {
    this.fetched.push(name)
    if (this.failing === 'before') throw new DownloadFailed(name, 'unknown host', 'Check the network.')
    mkdirSync(join(dir, 'bin'))
    if (this.without !== 'bin/run') writeFileSync(join(dir, 'bin', 'run'), 'program')
    if (this.failing === 'half-way') throw new DownloadFailed(name, 'reset by peer', 'Check the network.')
    writeFileSync(join(dir, 'library'), 'code')
  }
}

let cacheDir: string
let registry: Registry

beforeEach(() => {
  cacheDir = temporaryFolder()
  registry = new Registry()
})

const install = (...artefacts: Artefact[]) =>
  installArtefacts(cacheDir, { terminal: recorder(), artefacts, source: registry })

describe('the cache of programs', () => {
  test('is filled once: a second call fetches nothing of 2', async () => {
    const dirs = await install(artefact('java'), artefact('kafka'))
    expect(existsSync(join(dirs.kafka, 'bin', 'run'))).toBe(true)
    await install(artefact('java'), artefact('kafka'))
    expect(registry.fetched).toEqual(['java', 'kafka'])
  })

  test('keeps version 1 beside version 2', async () => {
    await install(artefact('java', '1'))
    await install(artefact('java', '2'))
    expect(readdirSync(cacheDir).sort()).toEqual(['java-1', 'java-2'])
  })

  test.each<[string, (dir: string) => void]>([
    ['a file is missing', dir => rmSync(join(dir, 'library'))],
    ['a file is cut off', dir => truncateSync(join(dir, 'library'), 2)],
    ['its stamp is missing', dir => rmSync(join(dir, '.installed.json'))],
    ['its stamp is damaged', dir => writeFileSync(join(dir, '.installed.json'), '{"version":"1","fil')],
  ])('replaces the one program of 2 in which %s', async (_, damage) => {
    const { java } = await install(artefact('java'), artefact('kafka'))
    damage(java)
    await install(artefact('java'), artefact('kafka'))
    expect(registry.fetched).toEqual(['java', 'kafka', 'java'])
    expect(existsSync(join(java, 'library'))).toBe(true)
  })

  test.each(['before', 'half-way'] as const)(
    'leaves nothing half of a download that failed %s',
    async when => {
      registry.failing = when
      await expect(install(artefact('java'))).rejects.toThrow(/java could not be downloaded.*\n.*network/)
      expect(readdirSync(cacheDir)).toEqual([])
      registry.failing = undefined
      await expect(install(artefact('java'))).resolves.toBeDefined()
    },
  )

  test('removes what a killed run had half unpacked', async () => {
    mkdirSync(join(cacheDir, '.partial-abc', 'bin'), { recursive: true })
    await install(artefact('java'))
    expect(readdirSync(cacheDir)).toEqual(['java-1'])
  })

  test('refuses a program that came without its main file, by name; the same command again fetches it whole', async () => {
    registry.without = 'bin/run'
    await expect(install(artefact('java'))).rejects.toThrow('java 1 was fetched without its file bin/run')
    expect(readdirSync(cacheDir)).toEqual([])
    registry.without = undefined
    await install(artefact('java'))
    expect(readdirSync(cacheDir)).toEqual(['java-1'])
  })

  test('fetches nothing onto a disk without the room, names the folder and the variable, and goes on where there is room', async () => {
    await expect(install(artefact('java', '1', 1e9))).rejects.toThrow(
      new RegExp(`^${cacheDir} has \\d+ MB of free disk, 1000000000 MB are needed: .*TICKHOUSE_CACHE`),
    )
    expect(registry.fetched).toEqual([])
    await install(artefact('java'))
    expect(registry.fetched).toEqual(['java'])
  })

  test('is filled by one of 3 that come at once', async () => {
    await Promise.all([install(artefact('java')), install(artefact('java')), install(artefact('java'))])
    expect(registry.fetched).toEqual(['java'])
  })
})
