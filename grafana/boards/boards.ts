import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { allTimeframesBoard } from './allTimeframesBoard.ts'
import { candlesBoard } from './candlesBoard.ts'
import { pipelineBoard } from './pipelineBoard.ts'

/** Every board, by the name of its file in `grafana/dashboards`. */
export const BOARDS: Readonly<Record<string, () => Dashboard>> = {
  candles: candlesBoard,
  'all-timeframes': allTimeframesBoard,
  pipeline: pipelineBoard,
}

/** A board as its file holds it; its panels are numbered, so that a link to one of them stays right. */
export function boardJson(board: Dashboard): string {
  const panels = board.panels?.map((panel, i) => ({ id: i + 1, ...panel }))
  return `${JSON.stringify({ ...board, panels }, null, 2)}\n`
}
