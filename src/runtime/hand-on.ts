/** The last step: becoming the real runtime, with the same arguments, environment, descriptors and folder. */
import type { Host } from '../host/host.ts'

/**
 * The arguments for a runtime: as they came, but for the program's name where lintel has another than the
 * runtime (help texts print it).
 */
export const argvFor = (runtime: string, argv: readonly string[]): readonly string[] => {
  const [program = '', ...rest] = argv
  return baseName(program) === baseName(runtime) ? argv : [runtime, ...rest]
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Exit status for a runtime that is missing or is lintel itself (DESIGN section 3). */
export const missingRuntimeStatus = 127

/** What a person reads when there is no runtime to hand on to. */
export const missingRuntimeText =
  'no container runtime at any path of [runtime] path in the policy; install runc or correct the policy'

/** Executes the runtime; comes back with an exit status only if that failed. */
export const handOn = (host: Host, runtime: string | undefined, argv: readonly string[]): number => {
  if (runtime === undefined) {
    host.write(2, `lintel: ${missingRuntimeText}\n`)
    return missingRuntimeStatus
  }
  const failed = host.execve(runtime, argvFor(runtime, argv))
  if (!failed.ok) host.write(2, `lintel: ${runtime} could not be executed (${failed.error.code})\n`)
  return missingRuntimeStatus
}
