import type { FunctionDefinition, ServerlessHost } from '../host.ts'

/** As much of a Serverless framework as the plugin uses, with an empty mapping `<function>-t` for each function. */
export function serverless(functions: Record<string, FunctionDefinition>, timeout?: number): ServerlessHost {
  const mappings = Object.keys(functions).map(name => [
    `${name}-t`,
    { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} },
  ])
  return {
    service: {
      service: 'service',
      provider: {
        ...(timeout !== undefined && { timeout }),
        compiledCloudFormationTemplate: { Resources: Object.fromEntries(mappings) },
      },
      getAllFunctions: () => Object.keys(functions),
      getFunction: name => functions[name]!,
    },
    configSchemaHandler: { defineFunctionEventProperties() {}, defineCustomProperties() {} },
    getProvider: () => ({
      naming: { getKafkaEventLogicalId: (functionKey, topic) => `${functionKey}-${topic}` },
      getStage: () => 'dev',
    }),
  }
}
