/** Numeric parts of the first version in a text, or undefined. */
export function parseVersion(text) {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '')
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined
}

export function atLeast(version, minimum) {
  if (!version) return false
  for (let i = 0; i < minimum.length; i++) {
    if ((version[i] ?? 0) !== minimum[i]) return (version[i] ?? 0) > minimum[i]
  }
  return true
}
