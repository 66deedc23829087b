/**
 * A deterministic hash of keys: which keys are in the sample must not change from run to run.
 */

/** 32-bit hash of a string or number, uniform in its high bits. */
export function hashKey(key: string | number): number {
  let hash = 0x811c9dc5
  if (typeof key === 'number') {
    hash = Math.imul(hash ^ (key | 0), 0x85ebca6b) ^ Math.imul((key / 4294967296) | 0, 0xc2b2ae35)
  } else {
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
