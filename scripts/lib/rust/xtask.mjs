/**
 * xtask runs once per build and takes minutes to compile with the workspace's development profile, which optimises
 * for the sake of property tests: without that, it is 40 s of processor time instead of 300.
 */
export const XTASK_PROFILE = [
  'profile.dev.opt-level=0',
  'profile.dev.package."*".opt-level=0',
  'profile.dev.debug=false',
].flatMap((setting) => ['--config', setting])

/** Arguments for cargo that run one of xtask's commands. */
export const xtask = (...words) => ['run', ...XTASK_PROFILE, '-p', 'xtask', '--', ...words]
