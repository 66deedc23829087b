/** SHA-256 without waiting (Web Crypto's only answers later), for the page's content security policy. FIPS 180-4. */

/** The first 32 bits of the fractional parts of roots of the first primes, as the standard derives its constants. */
function fractions(root: number, count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (prime) found.push(fraction(n, root))
  }
  return found
}

/** Exact: the root's integer part and 32 more bits, found by bisection in whole numbers. */
function fraction(n: number, root: number): number {
  const target = BigInt(n) << BigInt(32 * root)
  let [low, high] = [0n, 1n << 40n]
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** BigInt(root) <= target) low = middle
    else high = middle
  }
  return Number(low & 0xffffffffn)
}

/** `sha256-…` as a content security policy names a script or style with this text. */
export function cspHash(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const blocks = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6)
  blocks.set(bytes)
  blocks[bytes.length] = 0x80
  const view = new DataView(blocks.buffer)
  view.setUint32(blocks.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(blocks.length - 4, bytes.length << 3)
  const [state, constants] = [Int32Array.from(fractions(2, 8)), Int32Array.from(fractions(3, 64))]
  const words = new Int32Array(64)
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i)
    compress(state, words, constants)
  }
  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, i) => {
    digest.setInt32(4 * i, word)
  })
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest.buffer)))}`
}

const turn = (x: number, by: number): number => (x >>> by) | (x << (32 - by))

function compress(state: Int32Array, words: Int32Array, constants: Int32Array): void {
  const w = (i: number) => words[i] as number
  for (let i = 16; i < 64; i++) {
    const [near, far] = [w(i - 2), w(i - 15)]
    const low = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3)
    words[i] = w(i - 16) + low + w(i - 7) + (turn(near, 17) ^ turn(near, 19) ^ (near >>> 10))
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const mixed = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
    const first = (h + mixed + ((e & f) ^ (~e & g)) + (constants[i] as number) + w(i)) | 0
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] as number) + word
}
