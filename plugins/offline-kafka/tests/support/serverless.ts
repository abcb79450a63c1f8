import type { FunctionDefinition, ServerlessHost } from '../../host.ts'

/** As much of a Serverless framework as the plugin uses, with an empty mapping `<function>-t` for each function. */
export function serverless(
  functions: Record<string, FunctionDefinition>,
  provider: Partial<ServerlessHost['service']['provider']> = {},
): ServerlessHost {
  const mappings = Object.keys(functions).map(name => [
    `${name}-t`,
    { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} },
  ])
  return {
    serviceDir: '/service',
    service: {
      service: 'service',
      provider: {
        ...provider,
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
