import { type EngineOptions, EngineProcess } from './engineProcess.ts'

/** PyIceberg 0.12 with what writes partitions; its steps are the functions of pyiceberg_steps.py. */
export function pyiceberg(options: EngineOptions): EngineProcess {
  return new EngineProcess({ script: 'pyiceberg_steps.py', packages: ['python', 'writers'] }, options)
}
