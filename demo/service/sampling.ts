/** Share of requests that are sampled to learn how many answers are stale. */
export const REVALIDATE_SHARE = 0.05
