/** A function of serverless.yml, as far as this plugin uses it. */
export interface FunctionDefinition {
  readonly reservedConcurrency?: number
  readonly events?: readonly Readonly<Record<string, unknown>>[]
}

/** The Serverless framework (osls 4), as far as this plugin uses it. */
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
