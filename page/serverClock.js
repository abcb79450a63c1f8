/** The time after which a coarser estimate replaces a better one, as clocks drift. */
const GOOD_FOR_MS = 60_000

/** An estimate of the server's clock from its answers: the local clock may be minutes off. */
export class ServerClock {
  #aheadMs = 0
  #errorMs = Number.POSITIVE_INFINITY
  #takenMs = Number.NEGATIVE_INFINITY

  get nowMs() {
    return this.at(Date.now())
  }

  /**
   * The server's time at a moment of the local clock.
   *
   * @param {number} localMs
   */
  at(localMs) {
    return localMs + this.#aheadMs
  }

  /**
   * Takes an answer's time, which lies between the request and the answer.
   *
   * @param {number} serverTimeMs
   * @param {number} sentMs by the local clock
   * @param {number} receivedMs by the local clock
   */
  take(serverTimeMs, sentMs, receivedMs) {
    const errorMs = (receivedMs - sentMs) / 2
    const expectedMs = serverTimeMs - (sentMs + errorMs)
    const isOff = Math.abs(expectedMs - this.#aheadMs) > errorMs + this.#errorMs
    if (errorMs > this.#errorMs && !isOff && receivedMs - this.#takenMs < GOOD_FOR_MS) return
    this.#aheadMs = expectedMs
    this.#errorMs = errorMs
    this.#takenMs = receivedMs
  }
}
