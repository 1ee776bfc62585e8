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

/** What a runtime's path answers where a package is just being upgraded there: lintel lies at it again, or nothing. */
const passing: readonly string[] = ['ELOOP', 'ENOENT']

/** Executes the runtime, looked for once more where its place has just changed; comes back only if that failed. */
export const handOn = (
  host: Host,
  {
    runtime,
    runtimePaths,
  }: { readonly runtime: string | undefined; readonly runtimePaths: readonly string[] },
  argv: readonly string[],
): number => {
  if (runtime === undefined) {
    host.write(2, `lintel: ${missingRuntimeText}\n`)
    return missingRuntimeStatus
  }
  const first = host.execve(runtime, argvFor(runtime, argv))
  const next = !first.ok && passing.includes(first.error.code) ? host.findRuntime(runtimePaths) : undefined
  const last = next === undefined ? first : host.execve(next, argvFor(next, argv))
  if (!last.ok) host.write(2, `lintel: ${next ?? runtime} could not be executed (${last.error.code})\n`)
  return missingRuntimeStatus
}
