import type { ServerlessHost } from '../host.ts'
import { separateBrokers } from './definition.ts'

/** Key of a `kafka:` event → property of `AWS::Lambda::EventSourceMapping`:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html */
const PROPERTIES: readonly [key: string, property: string, toValue: (value: unknown) => unknown][] = [
  [
    'bootstrapServers',
    'SelfManagedEventSource',
    value => ({ Endpoints: { KafkaBootstrapServers: separateBrokers(value as string[]) } }),
  ],
  ['functionResponseType', 'FunctionResponseTypes', value => [value]],
  ['maximumRetryAttempts', 'MaximumRetryAttempts', value => value],
  ['maximumRecordAgeInSeconds', 'MaximumRecordAgeInSeconds', value => value],
  ['bisectBatchOnFunctionError', 'BisectBatchOnFunctionError', value => value],
  // osls leaves a window of 0 out, and Lambda then takes 500 ms
  ['maximumBatchingWindow', 'MaximumBatchingWindowInSeconds', value => value],
]

/** Writes into the compiled template what osls does not: run it after `package:compileEvents`. */
export function completeTemplate(serverless: ServerlessHost): void {
  const { service } = serverless
  const { naming } = serverless.getProvider('aws')
  const resources = service.provider.compiledCloudFormationTemplate?.Resources ?? {}
  for (const functionKey of service.getAllFunctions()) {
    for (const { kafka } of service.getFunction(functionKey).events ?? []) {
      if (!isEvent(kafka)) continue
      const resource = resources[naming.getKafkaEventLogicalId(functionKey, kafka.topic)]
      if (resource === undefined) continue
      for (const [key, property, toValue] of PROPERTIES) {
        const value = kafka[key]
        if (value !== undefined) resource.Properties[property] = toValue(value)
      }
    }
  }
}

function isEvent(value: unknown): value is Record<string, unknown> & { topic: string } {
  return typeof value === 'object' && value !== null && 'topic' in value && typeof value.topic === 'string'
}
