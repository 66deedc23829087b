// An animation that anyone sees stutter, with the times between its frames and the page's long tasks.
export function watchFrames(canvas, tell) {
  const context = canvas.getContext('2d')
  let between = []
  let longTasks = []
  let last
  let stopped = false
  const observer =
    PerformanceObserver.supportedEntryTypes?.includes('longtask') &&
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  if (observer) observer.observe({ type: 'longtask', buffered: false })

  function draw(now) {
    if (stopped) return
    if (last !== undefined) between.push(now - last)
    last = now
    const { width, height } = canvas
    context.clearRect(0, 0, width, height)
    for (let i = 0; i < 9; i++) {
      const x = width / 2 + (width / 2 - 20) * Math.sin(now / 900 + i / 3)
      context.fillStyle = `hsl(${i * 40} 70% 55%)`
      context.beginPath()
      context.arc(x, height / 2 + 35 * Math.cos(now / 500 + i), 12, 0, 7)
      context.fill()
    }
    if (between.length % 30 === 0 && between.length > 0) {
      const latest = between.slice(-60)
      const longestMs = longTasks.length > 0 ? Math.max(...longTasks) : 0
      tell({ fps: (1000 * latest.length) / latest.reduce((a, b) => a + b, 0), longestMs })
    }
    requestAnimationFrame(draw)
  }
  requestAnimationFrame(draw)

  /** Frames since the restart, the median and the 95th percentile between two of them, and the tasks over 50 ms. */
  function found() {
    const sorted = [...between].sort((a, b) => a - b)
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    return { count: between.length, medianMs: at(0.5), p95Ms: at(0.95), longTasks }
  }

  return {
    found,
    restart() {
      between = []
      longTasks = []
    },
    stop() {
      stopped = true
      if (observer) observer.disconnect()
      return found()
    },
  }
}
