/** The settings that serve where a policy is silent, or where there is none. */

/** What serves where the policy is silent. */
export const builtIn = {
  profile: 'cis-docker-1.13.0',
  mode: 'enforce',
  runtimePaths: [
    '/usr/libexec/lintel/runc',
    '/usr/sbin/runc',
    '/usr/bin/runc',
    '/usr/libexec/lintel/crun',
    '/usr/bin/crun',
  ],
  log: { file: '/var/log/lintel/decisions.jsonl', required: true, syslog: false },
} as const

/** Stands for a policy while lintel hands on every call (src/policy/pass-through.ts). */
export const handsOnEverything = '{"mode":"pass"}'
