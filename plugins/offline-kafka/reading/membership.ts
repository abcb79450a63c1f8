import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Assigner, type Cluster as AssignersCluster } from 'kafkajs'
import { type Cluster, type Coordinator, kafkaErrorType } from '../kafkajs/cluster.ts'

/** How long Kafka waits, in a rebalance, for members that are alive but do not join again. */
const REBALANCE_TIMEOUT_MS = 60_000
const HEARTBEATS_PER_SESSION = 5
/** Kafka's answers that mean: join again. */
const REJOIN = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])

/** Which group, and for which topic. */
export interface Group {
  groupId: string
  topic: string
  sessionTimeoutMs: number
}

/** One round of the group, from a join to the next. */
export interface Generation {
  memberId: string
  /** Ours, in their order. */
  partitions: readonly number[]
}

/**
 * A member of a consumer group (https://cwiki.apache.org/confluence/display/KAFKA/Kafka+Client-side+Assignment+Proposal).
 * Kafka knows it by its member id, which outlives connections: a new `Membership` that is given it keeps its place.
 */
export class Membership {
  readonly #cluster: Cluster
  readonly #group: Group
  readonly #assigner: Assigner
  #coordinator: Coordinator | undefined
  #memberId: string
  #generationId = -1

  constructor(cluster: Cluster, group: Group, memberId: string) {
    this.#cluster = cluster
    this.#group = group
    this.#memberId = memberId
    const { roundRobin } = kafkajs.PartitionAssigners
    this.#assigner = roundRobin({
      groupId: group.groupId,
      cluster: cluster as unknown as AssignersCluster,
    } as never)
  }

  /** Joins, or joins again; resolves when every member has, and throws what Kafka answers otherwise. */
  async join(): Promise<Generation> {
    try {
      return await this.#joinAndSync()
    } catch (error) {
      if (!this.#mustRejoin(error)) throw error
      return this.join()
    }
  }

  /** Stays in the group until a rebalance calls for a new join, `mayStay` says no, or `signal` is aborted; throws other errors. */
  async stay(mayStay: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { groupId, sessionTimeoutMs } = this.#group
    while (!signal.aborted && (await mayStay())) {
      await sleep(sessionTimeoutMs / HEARTBEATS_PER_SESSION, undefined, { signal }).catch(() => undefined)
      try {
        await this.#coordinator!.heartbeat({
          groupId,
          groupGenerationId: this.#generationId,
          memberId: this.#memberId,
        })
      } catch (error) {
        if (!this.#mustRejoin(error)) throw error
        return
      }
    }
  }

  /** Offsets that the group has committed, of the partitions that have one. */
  async committed(partitions: readonly number[]): Promise<Map<number, number>> {
    const { groupId, topic } = this.#group
    const wanted = partitions.map(partition => ({ partition }))
    const { responses } = await this.#coordinator!.offsetFetch({
      groupId,
      topics: [{ topic, partitions: wanted }],
    })
    const found = responses.flatMap(response => response.partitions)
    return new Map(
      found
        .map(({ partition, offset }) => [partition, Number(offset)] as const)
        .filter(([, offset]) => offset >= 0),
    )
  }

  /** Commits in the present generation, in one request; throws when Kafka does not take it. */
  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    if (this.#coordinator === undefined) throw new Error('not in the group')
    const { groupId, topic } = this.#group
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }))
    await this.#coordinator.offsetCommit({
      groupId,
      groupGenerationId: this.#generationId,
      memberId: this.#memberId,
      topics: [{ topic, partitions }],
    })
  }

  /** Tells Kafka that this member is gone, so that nobody waits for its session to end. */
  async leave(): Promise<void> {
    await this.#coordinator?.leaveGroup({ groupId: this.#group.groupId, memberId: this.#memberId })
  }

  async #joinAndSync(): Promise<Generation> {
    const { groupId, topic, sessionTimeoutMs } = this.#group
    this.#coordinator = await this.#cluster.findGroupCoordinator({ groupId })
    const joined = await this.#coordinator.joinGroup({
      groupId,
      memberId: this.#memberId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      groupProtocols: [this.#assigner.protocol({ topics: [topic] })],
    })
    const { generationId, memberId, leaderId, members } = joined
    this.#memberId = memberId
    await this.#cluster.refreshMetadata()
    const groupAssignment =
      memberId === leaderId ? await this.#assigner.assign({ members, topics: [topic] }) : []
    const { memberAssignment } = await this.#coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment,
    })
    this.#generationId = generationId
    const assignment = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
    return { memberId, partitions: (assignment[topic] ?? []).sort((a, b) => a - b) }
  }

  #mustRejoin(error: unknown): boolean {
    const type = kafkaErrorType(error)
    if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    return type !== undefined && REJOIN.has(type)
  }
}
