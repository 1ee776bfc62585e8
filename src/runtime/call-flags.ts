/** The flags rules judge, of a call as read. */
import { type CallFlags, noFlags } from '../core/call.ts'
import type { Host } from '../host/host.ts'
import type { GuardedCall } from './argv.ts'
import { absolute } from './load.ts'

/** What the call asks for besides its documents. */
export const callFlags = (host: Host, call: GuardedCall): CallFlags => {
  const base = { ...noFlags, systemdCgroup: call.globals.systemdCgroup }
  switch (call.operation) {
    case 'create':
    case 'run': {
      const { noPivot, noNewKeyring, preserveFds } = call.flags
      return { ...base, noPivot, noNewKeyring, preservedDescriptors: descriptors(host, preserveFds) }
    }
    case 'restore': {
      const { noPivot, imagePath, lsmProfile = '', lsmMountContext = '', emptyNs } = call.flags
      // runc's default, below the folder it is called in.
      const checkpoint = absolute(host, imagePath ?? 'checkpoint')
      return { ...base, noPivot, checkpoint, lsmProfile, lsmMountContext, emptyNamespaces: emptyNs }
    }
    case 'exec': {
      const { process, cgroup, preserveFds } = call.flags
      const described = process === undefined
      return { ...base, described, cgroups: cgroup, preservedDescriptors: descriptors(host, preserveFds) }
    }
    default:
      return { ...base, described: call.flags.resources === undefined }
  }
}

/** Those of `--preserve-fds` and, after them in both runtimes, those of socket activation (sd_listen_fds(3)). */
const descriptors = (host: Host, preserveFds: string | undefined): number =>
  countOf(preserveFds) + countOf(host.environment('LISTEN_FDS'))

/** What no runtime would take for a number is judged as one descriptor too many. */
const countOf = (text: string | undefined): number => {
  if (text === undefined || text === '') return 0
  return /^[0-9]+$/.test(text) ? Number(text) : 1
}
