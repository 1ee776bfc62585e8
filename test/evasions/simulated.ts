/** Hosts this machine is not: what their kernel shows stands in its place, for one call. */

/** Puts a call behind shell lines in a mount namespace of its own. */
export const simulated = (lines: string): string => `unshare -m sh -c '${lines}; exec "$@"' x`

/** A host with cgroups of version 2 alone. */
export const withUnifiedCgroups = simulated(
  '[ -f /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup',
)
