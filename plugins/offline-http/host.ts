/** What this plugin uses of a function of serverless.yml. */
export interface FunctionDefinition {
  readonly reservedConcurrency?: number
  readonly events?: readonly Readonly<Record<string, unknown>>[]
}

/** What this plugin uses of the Serverless framework (osls 4). */
export interface ServerlessHost {
  readonly service: {
    readonly custom?: Readonly<Record<string, unknown>>
    getAllFunctions(): readonly string[]
    getFunction(functionKey: string): FunctionDefinition
  }
  readonly configSchemaHandler: { defineCustomProperties(schema: object): void }
  readonly pluginManager: { getPlugins(): readonly object[] }
}

/** Serverless's log. */
export interface Log {
  warning(message: string): void
}
