import { setTimeout as sleep } from 'node:timers/promises'
import type { Exchange, Fate } from '../world/proxy.ts'
import type { World } from '../world/world.ts'
import type { Harm } from './harm.ts'

const isCommit = ({ method, path }: Exchange) => method === 'POST' && path.endsWith('/tables/stock_ticks')

/** The next commit of ticks meets this fate. */
function nextCommit(name: string, fate: Fate): Harm {
  return { name, strike: ({ catalogProxy }) => catalogProxy.once(isCommit, fate) }
}

const errorOf = (status: number, type: string) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ error: { code: status, type, message: 'made by a proxy' } })),
})

/** The request is kept back, its sender sees nothing; it reaches the catalog beside the next one, before or after it. */
async function landLate({ catalogProxy, random }: World): Promise<void> {
  const isFirst = random.next() < 0.5
  let held: Exchange | undefined
  await catalogProxy.once(isCommit, exchange => {
    held = exchange
    exchange.cut()
  })
  await catalogProxy.once(isCommit, async exchange => {
    if (isFirst) await held!.forward()
    exchange.answer(await exchange.forward())
    if (!isFirst) await held!.forward()
  })
}

export const COMMITS: readonly Harm[] = [
  nextCommit('commit: answer lost', async exchange => {
    await exchange.forward()
    exchange.cut()
  }),
  nextCommit('commit: never arrives', exchange => exchange.cut()),
  { name: 'commit: lands late', strike: landLate },
  nextCommit('commit: success told as 409', async exchange => {
    await exchange.forward()
    exchange.answer(errorOf(409, 'CommitFailedException'))
  }),
  nextCommit('commit: success told as 503', async exchange => {
    await exchange.forward()
    exchange.answer(errorOf(503, 'ServiceUnavailableException'))
  }),
  {
    name: 'catalog refuses for a while',
    strike: ({ catalogProxy }) =>
      catalogProxy.during(
        1_500,
        () => true,
        exchange => exchange.answer(errorOf(503, 'ServiceUnavailableException')),
      ),
  },
  {
    name: 'catalog slow',
    strike: ({ catalogProxy, random }) =>
      catalogProxy.during(
        3_000,
        () => true,
        async exchange => {
          await sleep(random.int(100, 900))
          exchange.answer(await exchange.forward())
        },
      ),
  },
]
