import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { Browser } from './browser.ts'
import { loadPages, readShell } from './pageLoads.ts'
import { Viewer } from './viewer.ts'
import type { Loaded, Loading, Viewed, Viewing } from './visitors.ts'

/** The number of other timeframes that each viewer looks at after the first one. */
const MORE_LOOKS = 2

const [FIRST, ...OTHERS] = TIMEFRAMES.map(({ name }) => name)

process.on('message', async (asked: Viewing | Loading) => {
  process.send!(asked.kind === 'view' ? await view(asked) : await load(asked))
})
process.on('disconnect', () => process.exit())

async function view({ origin, instruments, seconds }: Viewing): Promise<Viewed> {
  const browsers = instruments.map(() => new Browser(origin))
  const viewers = instruments.map((instrument, i) => new Viewer(browsers[i]!, instrument))
  const together = (work: (viewer: Viewer, i: number) => Promise<unknown>) => Promise.all(viewers.map(work))
  const looksOf = () => viewers.flatMap(({ looks }) => looks.splice(0))

  await together(viewer => viewer.look(FIRST!))
  const first = looksOf()
  for (let look = 0; look < MORE_LOOKS; look++) {
    await together((viewer, i) => viewer.look(otherOf(i, look)))
  }
  const others = looksOf()
  const untilMs = Date.now() + seconds * 1000
  // Half of them stay where they are, half go back to where they began.
  await together((viewer, i) => viewer.keepUp(i % 2 === 0 ? FIRST! : otherOf(i, MORE_LOOKS - 1), untilMs))
  for (const browser of browsers) browser.close()
  return { first, others, later: looksOf() }
}

function otherOf(viewer: number, look: number): string {
  // Viewers of the same symbol look at different ones.
  return OTHERS[(viewer + Math.floor(viewer / OTHERS.length) + look * 3) % OTHERS.length]!
}

async function load({ origin, loads }: Loading): Promise<Loaded> {
  const shell = await readShell(origin)
  return { files: shell.size, loads: await loadPages(origin, shell, loads) }
}
