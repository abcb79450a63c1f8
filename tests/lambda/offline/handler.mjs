import { oneAtATime } from '../../../lib/lambda/oneAtATime.ts'
import { Stages } from '../../../lib/stages.ts'

/** Tells the test something, and goes on when it answers. */
const tell = async what => (await fetch(`${process.env.TEST_URL}/${what}`)).text()

class ToldStages extends Stages {
  async time(stage, work) {
    await tell('waits')
    return super.time(stage, work)
  }
}

const services = { stages: new ToldStages() }
const step = oneAtATime({ nameOf: () => 'work', needsMs: 0 }, async (_services, { id }) => {
  await tell(`begun/${id}`)
  return { id }
})

export const run = (event, context) => step(services, event, () => context.getRemainingTimeInMillis())
