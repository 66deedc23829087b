/** Seeded traffic: Zipf reads, Poisson updates that follow the same popularity. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Traffic {
  readonly rows: number
  readonly zipf: number
  readonly reads: number
  readonly updates: number
}

export interface Event {
  readonly at: number
  readonly key: number
  readonly update: boolean
}

/** Events of `seconds`, in order. */
export function* traffic(t: Traffic, seconds: number, seed: number): Generator<Event> {
  const random = generator(seed)
  const cumulative = new Float64Array(t.rows)
  let sum = 0
  for (let i = 0; i < t.rows; i++) {
    sum += (i + 1) ** -t.zipf
    cumulative[i] = sum
  }
  const total = t.reads + t.updates
  for (let at = 0; ; ) {
    at += -Math.log(1 - random()) / total
    if (at >= seconds) return
    const update = random() < t.updates / total
    const target = random() * sum
    let low = 0
    for (let high = t.rows - 1; low < high; ) {
      const middle = (low + high) >> 1
      if ((cumulative[middle] as number) < target) low = middle + 1
      else high = middle
    }
    yield { at, key: low, update }
  }
}
