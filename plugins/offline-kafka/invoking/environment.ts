import type { Environment } from '../host.ts'

/** What a function's variables are made of. */
export interface EnvironmentSources {
  functionName: string
  handler: string
  memorySizeMb: number
  region: string
  /** Those of the provider and, over them, of the function. */
  declared: readonly (Environment | undefined)[]
  /** The variables of `sls offline` itself; of these, functions get `AWS_…` only, unless `localEnvironment` is set. */
  own: NodeJS.ProcessEnv
  localEnvironment: boolean
}

/** The variables that a function finds in its process, as serverless-offline gives them to functions of other events. */
export function environmentOf(sources: EnvironmentSources): Record<string, string> {
  const { functionName, handler, memorySizeMb, region, declared, own, localEnvironment } = sources
  const inherited = Object.entries(own).filter(([name]) => localEnvironment || name.startsWith('AWS_'))
  const all = {
    ...Object.fromEntries(inherited),
    _HANDLER: handler,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memorySizeMb,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'offline-kafka',
    AWS_REGION: region,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LAMBDA_TASK_ROOT: '/var/task',
    LANG: 'en_US.UTF-8',
    ...Object.assign({}, ...declared),
    IS_OFFLINE: 'true',
  }
  const known = Object.entries(all).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(known.map(([name, value]) => [name, rendered(value)]))
}

/** Text of a value; of CloudFormation's functions, `Fn::Join` and `Fn::Sub` with variables can be computed here. */
function rendered(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const [[name, argument] = []] = Object.entries(value)
  if (name === 'Fn::Join') {
    const [delimiter, parts] = argument as [string, unknown[]]
    return parts.map(rendered).join(delimiter)
  }
  if (name === 'Fn::Sub' && Array.isArray(argument)) {
    const [template, variables] = argument as [string, Record<string, unknown>]
    return template.replaceAll(/\$\{(.*?)\}/g, (match, key) =>
      Object.hasOwn(variables, key) ? rendered(variables[key]) : match,
    )
  }
  return JSON.stringify(value)
}
