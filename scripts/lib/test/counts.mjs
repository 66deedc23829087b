/** What a runner hands back: counts, and for each skip its reason. */
export const none = () => ({ passed: 0, failed: 0, skipped: 0, reasons: [], tail: [] })

export function add(total, part) {
  for (const key of ['passed', 'failed', 'skipped']) total[key] += part[key]
  total.reasons.push(...part.reasons)
  return total
}

export const skip = (name, reason) => ({ ...none(), skipped: 1, reasons: [`${name}: ${reason}`] })

/** A check that is one program: its exit status is one test. */
export const oneOf = ({ code, tail }) => ({
  ...none(),
  ...(code === 0 ? { passed: 1 } : { failed: 1 }),
  tail: code === 0 ? [] : tail,
})

export function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}
