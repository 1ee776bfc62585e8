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
      return { ...base, noPivot, noNewKeyring, preservedDescriptors: countOf(preserveFds) }
    }
    case 'restore': {
      const { noPivot, imagePath, lsmProfile = '', lsmMountContext = '', emptyNs } = call.flags
      const checkpoint = imagePath === undefined ? '' : absolute(host, imagePath)
      return { ...base, noPivot, checkpoint, lsmProfile, lsmMountContext, emptyNamespaces: emptyNs }
    }
    case 'exec': {
      const { process, cgroup, preserveFds } = call.flags
      const described = process === undefined
      return { ...base, described, cgroups: cgroup, preservedDescriptors: countOf(preserveFds) }
    }
    default:
      return { ...base, described: call.flags.resources === undefined }
  }
}

/** What no runtime would take for a number is judged as one descriptor too many. */
const countOf = (text: string | undefined): number => {
  if (text === undefined || text === '') return 0
  return /^[0-9]+$/.test(text) ? Number(text) : 1
}
