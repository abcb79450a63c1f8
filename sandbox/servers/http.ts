/** What a server answers at a URL. Throws when that is an error, or does not come within the time. */
export async function answer(url: string, init: RequestInit = {}, withinMs = 5_000): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(withinMs) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return response
}

/** The JSON that a server answers; throws as `answer` does. */
export async function jsonAnswer(url: string, init?: RequestInit, withinMs?: number): Promise<unknown> {
  return (await answer(url, init, withinMs)).json()
}
