// `npm start`: the whole pipeline, from a fresh clone. See startPipeline.ts for what happens.
import { handOver } from './bootstrap.mjs'

await handOver('startPipeline.ts', process.argv.slice(2))
