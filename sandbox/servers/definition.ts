import type { ArtefactDirs } from '../artefacts/install.ts'
import type { PortNeed } from '../ports.ts'
import type { ProgramCommand } from '../processes/spawn.ts'
import type { Settings } from '../settings.ts'

/** Of all servers that a sandbox can have; each has a folder and a log of that name. */
export const SERVER_NAMES = ['kafka', 'seaweedfs', 'minio', 'icebergRest', 'trino', 'prometheus'] as const
export type ServerName = (typeof SERVER_NAMES)[number]

/** Everything a server's definition may look at. */
export interface World {
  settings: Settings
  programs: ArtefactDirs
}

/** One server of the sandbox: all that is particular about it. */
export interface ServerDefinition {
  name: ServerName
  title: string
  /** For a program that is the machine's own: where there is none, or it does not start, all else runs without it. */
  external?: { program: string; cure: string }
  /** Every port that it listens on. */
  ports(settings: Settings): PortNeed[]
  /** Writes its configuration; on an empty data folder its first files as well. Gives how to run it. */
  prepare(world: World): Promise<ProgramCommand>
  /** Resolves when it does its work; throws, for whatever reason, while it does not. */
  check(settings: Settings): Promise<void>
  /** What can only be set while it runs; part of becoming ready. */
  tune?(settings: Settings): Promise<void>
  readyWithinMs: number
  stopWithinMs: number
}
