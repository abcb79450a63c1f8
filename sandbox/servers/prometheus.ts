import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, type Settings } from '../settings.ts'
import type { ServerDefinition } from './definition.ts'
import { answer } from './http.ts'

const FOLDER = join(ROOT, 'prometheus')

/** What the configuration for containers calls the two addresses that it scrapes. */
const ITSELF = '127.0.0.1:9090'
const METRICS = 'metrics:9464'

/** Prometheus, of the machine's own: it scrapes the function `metrics` and watches the alert rules. */
export const prometheus: ServerDefinition = {
  name: 'prometheus',
  title: 'Prometheus',
  external: { program: 'prometheus', cure: 'Debian, Ubuntu: sudo apt install prometheus' },
  ports: ({ ports }) => [{ port: ports.prometheus, name: 'prometheus' }],
  readyWithinMs: 60_000,
  stopWithinMs: 20_000,

  async prepare({ settings }) {
    const dir = join(settings.dataDir, 'prometheus')
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'prometheus.yml'), await configuration(settings))
    await copyFile(join(FOLDER, 'rules.yml'), join(dir, 'rules.yml'))
    return {
      file: 'prometheus',
      args: [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        '--storage.tsdb.retention.time=15d',
        `--web.listen-address=127.0.0.1:${settings.ports.prometheus}`,
      ],
      cwd: dir,
      env: {},
    }
  },

  async check({ ports }) {
    await answer(`http://127.0.0.1:${ports.prometheus}/-/ready`)
  },
}

/** The configuration that the containers have, with this sandbox's addresses. */
async function configuration({ ports }: Settings): Promise<string> {
  const text = await readFile(join(FOLDER, 'prometheus.yml'), 'utf8')
  for (const address of [ITSELF, METRICS])
    if (!text.includes(address)) throw new Error(`prometheus/prometheus.yml does not scrape ${address}`)
  return text.replace(ITSELF, `127.0.0.1:${ports.prometheus}`).replace(METRICS, `127.0.0.1:${ports.http}`)
}
