import { FailureDestination } from '../batching/destination.ts'
import { Dispatcher } from '../batching/dispatcher.ts'
import type { Mapping } from '../config/definition.ts'
import type { Settings } from '../config/settings.ts'
import type { Log } from '../host.ts'
import type { Invoker } from '../invoking/invoker.ts'
import { createClient } from '../kafkajs/client.ts'
import { Subscription } from '../reading/subscription.ts'

/** One running event source mapping: a subscription, what gathers and dispatches its batches, and where failures go. */
export class EventSource {
  readonly #subscription: Subscription
  readonly #dispatcher: Dispatcher
  readonly #destination: FailureDestination

  constructor(mapping: Mapping, settings: Settings, invoker: Invoker, log: Log) {
    const kafka = createClient(mapping, settings, log)
    this.#destination = new FailureDestination(kafka, mapping, log)
    this.#dispatcher = new Dispatcher(
      mapping,
      settings,
      {
        invoke: slices => invoker.invoke(mapping, slices),
        commit: (partition, nextOffset) => this.#subscription.commit(partition, nextOffset),
        giveUp: (work, reason) => this.#destination.send(work, reason),
        drained: () => this.#subscription.drained(),
      },
      log,
    )
    this.#subscription = new Subscription(kafka, mapping, settings, this.#dispatcher, log)
  }

  /** Joins the group in the background. */
  start(): void {
    this.#subscription.start()
  }

  /** Reads no further, lets the batches in flight end, commits them and leaves the group. */
  async stop(): Promise<void> {
    this.#subscription.quiesce()
    await this.#dispatcher.halt()
    await this.#subscription.leave()
    await this.#destination.close()
  }

  /** Runs `change` while the function does not run for this source. */
  async between(change: () => Promise<void>): Promise<void> {
    await this.#dispatcher.between(change)
  }
}
