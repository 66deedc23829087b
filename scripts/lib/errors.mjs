/** A step that cannot be done: which one, why, and what the person can do about it. */
export class StepError extends Error {
  constructor(message, { remedy, tail, cause } = {}) {
    super(message, { cause })
    this.name = 'StepError'
    this.remedy = remedy
    this.tail = tail ?? []
  }
}

/** Runs a script's main function; a failed step ends it with the step, the last output and the remedy, without a stack. */
export async function main(body) {
  try {
    const code = await body()
    process.exitCode = code ?? 0
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    for (const line of error.tail) console.error(`  | ${line}`)
    console.error(`\nfailed: ${error.step ? `${error.step}: ` : ''}${error.message}`)
    if (error.remedy) console.error(`remedy: ${error.remedy}`)
    process.exitCode = 1
  }
}
