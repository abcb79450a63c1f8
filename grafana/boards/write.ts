import { mkdirSync, writeFileSync } from 'node:fs'
import { BOARDS, boardJson } from './boards.ts'

// `npm run boards`: what Grafana is provisioned with, made from the sources beside this file.
const folder = new URL('../dashboards/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, board] of Object.entries(BOARDS)) {
  writeFileSync(new URL(`${name}.json`, folder), boardJson(board()))
  console.log(`grafana/dashboards/${name}.json`)
}
