import type { TopicDifference } from '../kafka/admin.ts'

/** A sentence for an operator: the wrong setting of a topic, its harm, and the command that corrects it. */
export function troubleText({ topic, setting, wanted, actual }: TopicDifference, brokers: string): string {
  const what = `topic ${topic} has ${setting} ${actual}, not ${wanted}: ${harmOf(setting, wanted)}`
  if (setting === 'partitions') return `${what}. It is not changed`
  const change = `--alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${wanted}`
  return `${what}. Correct it: npm run set-up -- --repair-topics, or kafka-configs.sh --bootstrap-server ${brokers} ${change}`
}

function harmOf(setting: string, wanted: string): string {
  if (setting === 'partitions') return 'fewer readers can share the work'
  if (setting === 'max.message.bytes') return 'larger records are refused'
  if (setting !== 'cleanup.policy') return 'records may be removed before they are read'
  return wanted === 'compact'
    ? 'the newest message of a key may be removed with its age'
    : 'a record is removed when a newer one has its key'
}
