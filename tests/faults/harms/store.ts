import { setTimeout as sleep } from 'node:timers/promises'
import type { Exchange, Fate } from '../world/proxy.ts'
import type { Harm } from './harm.ts'

const any = () => true
const isPut = ({ method }: Exchange) => method === 'PUT'

/** For a while this happens to requests to the object store. */
function forAWhile(name: string, concerns: (exchange: Exchange) => boolean, fate: Fate): Harm {
  return {
    name,
    strike: ({ storeProxy, random }) => storeProxy.during(random.int(500, 3_000), concerns, fate),
  }
}

const SLOW_DOWN = {
  status: 503,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from('<Error><Code>SlowDown</Code><Message>made by a proxy</Message></Error>'),
}

export const STORE: readonly Harm[] = [
  forAWhile('store refuses', any, exchange => exchange.answer(SLOW_DOWN)),
  forAWhile('store breaks off before it writes', isPut, exchange => exchange.cut()),
  forAWhile('store breaks off after it wrote', isPut, async exchange => {
    await exchange.forward()
    exchange.cut()
  }),
  forAWhile('store breaks off within its answer', any, async exchange =>
    exchange.cut(await exchange.forward()),
  ),
  {
    name: 'store slow',
    strike: ({ storeProxy, random }) =>
      storeProxy.during(3_000, any, async exchange => {
        await sleep(random.int(100, 800))
        exchange.answer(await exchange.forward())
      }),
  },
]
