/** Which of the needed programs are missing or too old: one sentence each, with the cure; empty when all is well. */
export function missingTools(options?: { withGo?: boolean }): Promise<string[]>
