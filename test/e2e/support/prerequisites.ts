/** What the tests on real engines need of the machine; says all that is missing at once. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const always = ['unshare', 'nsenter', 'ip', 'script', 'busybox', 'runc']

/** Throws one error that lists everything missing: root, the built binary, programs. */
export const requirePrograms = (programs: readonly string[], binary: string): void => {
  const missing = [...always, ...programs].filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  )
  const problems = [
    ...(process.geteuid?.() === 0 ? [] : ['root (engines start containers as root)']),
    ...(existsSync(binary) ? [] : [`${binary} (npm run build)`]),
    ...missing.map((program) => `the program ${program}`),
  ]
  if (problems.length > 0) throw new Error(`the tests on real engines need ${problems.join(', ')}`)
}
