// Counts what vitest ran, with the reason of every skip, which its own JSON report leaves out.
import { writeFileSync } from 'node:fs'

export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0, reasons: [] }
    for (const module of modules) {
      // A file that cannot be loaded has no tests that could fail.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state, note } = test.result()
        counts[state === 'passed' ? 'passed' : state === 'failed' ? 'failed' : 'skipped']++
        if (state === 'skipped' || state === 'pending') {
          counts.reasons.push(`${test.project.name}, ${test.fullName}: ${note ?? 'no reason given'}`)
        }
      }
    }
    counts.failed += unhandledErrors.length
    writeFileSync(process.env.HOMEOSTAT_TEST_REPORT, JSON.stringify(counts))
  }
}
