import { readConfig } from '../../lib/lambda/config.ts'
import { type Connections, connect } from '../../lib/lambda/connect.ts'
import { warningsOnly } from '../../lib/lambda/log.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import type { OffsetVector } from '../../lib/tables/offsetVector.ts'
import type { BenchRun } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { inNamespace } from '../history/inNamespace.ts'
import { passLogs } from '../history/passLogs.ts'
import type { HistorySpec } from '../history/spec.ts'
import type { BenchWorld } from '../world.ts'

/** A history in a namespace and on a ticks topic of its own, and the project's adapters on both. */
export interface MeasuredHistory {
  readonly name: string
  readonly spec: HistorySpec
  /** The environment of a process that works on it; the namespace is told apart. */
  readonly env: Readonly<Record<string, string>>
  readonly services: Connections
}

/** Naive statements take minutes on a busy machine. */
const TRINO_TIMEOUT_MS = 600_000

/** Builds histories side by side, so that they can be measured by turns. */
export async function buildHistories(
  world: BenchWorld,
  specs: Readonly<Record<string, HistorySpec>>,
  run: BenchRun,
): Promise<MeasuredHistory[]> {
  const histories: MeasuredHistory[] = []
  const vectors = new Map<string, OffsetVector>()
  for (const [name, spec] of Object.entries(specs)) {
    const history = await openHistory(world, name, spec, run)
    const startedMs = performance.now()
    run.progress(`history ${name}: ${spec.days} days of ${spec.symbols} symbols …`)
    const { vector } = await buildHistory(history.services, spec, run.progress)
    run.progress(`history ${name}: built after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    vectors.set(history.services.settings.ticksTopic, vector)
    histories.push(history)
  }
  await passLogs(world.sandbox, vectors)
  return histories
}

async function openHistory(
  { sandbox }: BenchWorld,
  name: string,
  spec: HistorySpec,
  { onEnd, progress }: BenchRun,
): Promise<MeasuredHistory> {
  const env = {
    ...sandbox.env,
    STAGE: 'local',
    TICKS_TOPIC: `ticks.${name}`,
    TRINO_TIMEOUT_MS: String(TRINO_TIMEOUT_MS),
  }
  const connections = connect(readConfig(env), warningsOnly(progress))
  onEnd.defer(() => connections.close())
  const services = { ...inNamespace(connections, name), nowMs: () => spec.endUs / 1000 }
  await setUp(services)
  return { name, spec, env, services }
}
