import { startSandbox } from '../../sandbox/startSandbox.ts'

const [dataDir = ''] = process.argv.slice(2)
const { settings } = await startSandbox({ dataDir, ports: 'free', onProgress: console.error })
console.log(JSON.stringify(settings))
setInterval(() => undefined, 60_000)
