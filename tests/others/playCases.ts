import type { Lake } from '../../sandbox/settings.ts'
import type { Case } from './cases.ts'
import { openWorld, type World } from './world.ts'

/** Of many findings the first few tell enough. */
const MOST_SAID = 5

/**
 * Plays cases one after the other, in a world that is opened again after a case with findings, and says for each what was
 * not as it must be. Gives true when nothing was.
 */
export async function playCases(
  cases: readonly Case[],
  { lake, say }: { readonly lake: Lake; readonly say: (line: string) => void },
): Promise<boolean> {
  let world: World | undefined
  let faulty = 0
  try {
    for (const one of cases) {
      const startedMs = performance.now()
      world ??= await openWorld({ lake, onProgress: () => undefined })
      const findings = await one.play(world)
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
      say(`${findings.length === 0 ? 'right' : 'FAULT'}  ${one.name} (${seconds} s)`)
      for (const finding of findings.slice(0, MOST_SAID)) say(`         ${finding.slice(0, 400)}`)
      if (findings.length > MOST_SAID) say(`         and ${findings.length - MOST_SAID} more`)
      if (findings.length > 0) faulty += 1
      if (findings.length === 0 && !one.isLast) continue
      await world.close()
      world = undefined
    }
    if (world === undefined) return faulty === 0
    const { code, said } = await world.verify()
    if (code !== 0) say(`FAULT  verify: ${said.slice(0, 2_000)}`)
    say(`${cases.length} cases, ${faulty} with faults`)
    return faulty === 0 && code === 0
  } finally {
    await world?.close()
  }
}
