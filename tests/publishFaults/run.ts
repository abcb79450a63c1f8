import { parseArgs } from 'node:util'
import { publishBacklog } from './backlog.ts'
import { runCampaign } from './faults.ts'
import { openPublishWorld } from './world.ts'

const USAGE = `npm run -s faults:publish -- [--rounds N] [--seed S] | --backlog N

Starts Kafka and SeaweedFS of its own, commits candles without pause, publishes them with the function publish as a
process of its own, and does one harm a round at a random moment: the publisher killed, two at once, one asleep while
another works, Kafka killed. Then a read_committed reader of all candle topics looks for a revision sent twice, or
after a higher one, and for a candle whose last message is not its row in Iceberg. Ends with 1 when it finds one.

  --rounds N   20 unless said
  --seed S     the choices of chance, to be played again; printed when left out
  --backlog N  instead of rounds: N candles that lie there when the publisher starts, with its memory and time`

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { rounds: text, seed: text, backlog: text, help: { type: 'boolean', short: 'h' } },
})

if (values.help) console.log(USAGE)
else {
  const rounds = wholeNumber('--rounds', values.rounds ?? '20')
  const seed = wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)))
  const backlog = values.backlog === undefined ? undefined : wholeNumber('--backlog', values.backlog)
  const say = (line: string) => console.error(line)
  say(`seed ${seed}`)
  const world = await openPublishWorld(say)
  try {
    const { faults, ...found } =
      backlog === undefined
        ? await runCampaign(world, { rounds, seed, say })
        : await publishBacklog(world, { candles: backlog, seed, say })
    console.log(JSON.stringify({ seed, ...found, faults: faults.length }))
    for (const fault of faults.slice(0, 20)) console.log(fault)
    process.exitCode = faults.length === 0 ? 0 : 1
  } finally {
    await world.close()
  }
}

function wholeNumber(name: string, given: string): number {
  if (/^\d+$/.test(given)) return Number(given)
  throw new Error(`${name} wants a whole number, not ${given}`)
}
