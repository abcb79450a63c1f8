/** What this plugin uses of a function of serverless.yml. */
export interface FunctionDefinition {
  /** As it is deployed. */
  name?: string
  /** `path/to/module.export`, of a function in Node. */
  handler?: string
  runtime?: string
  timeout?: number
  memorySize?: number
  environment?: Environment
  events?: readonly Record<string, unknown>[]
}

/** Variables as serverless.yml has them: plain values, or functions of CloudFormation. */
export type Environment = Readonly<Record<string, unknown>>

/** What this plugin uses of the Serverless framework (osls 4). */
export interface ServerlessHost {
  /** The folder of serverless.yml. */
  serviceDir: string
  service: {
    service: string
    custom?: Record<string, unknown>
    provider: {
      timeout?: number
      memorySize?: number
      runtime?: string
      region?: string
      environment?: Environment
      stage?: string
      compiledCloudFormationTemplate?: { Resources: Record<string, CloudFormationResource> }
    }
    getAllFunctions(): string[]
    getFunction(functionKey: string): FunctionDefinition
  }
  configSchemaHandler: {
    defineFunctionEventProperties(provider: string, event: string, schema: object): void
    defineCustomProperties(schema: object): void
  }
  getProvider(name: string): {
    naming: { getKafkaEventLogicalId(functionKey: string, topic: string): string }
    getStage(): string
  }
}

/** A resource of the template that is packaged. */
export interface CloudFormationResource {
  Type: string
  Properties: Record<string, unknown>
}

/** Serverless's log: notices are shown always, `info` with --verbose, `debug` with --debug. */
export interface Log {
  notice(message: string): void
  error(message: string): void
  warning(message: string): void
  info(message: string): void
  debug(message: string): void
}
