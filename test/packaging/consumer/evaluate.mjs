// Evaluated in a worker thread.
export default async ({ x }) => (x - 0.25) ** 2
