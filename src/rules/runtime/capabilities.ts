/** Keeps all five capability sets within the allowed ones; an exec within what its container was admitted with. */
import {
  capabilitiesBeyond,
  dockerCapabilities,
  heldCapabilities,
  listCapabilities,
  narrowCapabilities,
} from '../../core/capabilities.ts'
import { place } from '../../core/patch.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'

export const capabilities = defineRule({
  id: 'capabilities',
  title: 'Ensure that Linux kernel capabilities are restricted within containers',
  severity: 'high',
  category: 'capabilities',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.3' },
    { benchmark: 'cis-docker-1.7.0', item: '5.4' },
    { benchmark: 'pss-baseline', item: 'capabilities' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001950' },
    { url: 'https://man7.org/linux/man-pages/man7/capabilities.7.html' },
    { url: 'https://github.com/moby/moby/blob/master/daemon/pkg/oci/caps/defaults.go' },
  ],
  rationale:
    'A capability in any set can be used: root regains the bounding set at execve, file capabilities turn inheritable ones on, and ambient ones survive in a process that is not root. A user namespace lessens the harm and is no exemption.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    allowed: {
      type: 'array',
      items: { type: 'string' },
      description: 'Capabilities a container may hold, with or without CAP_; the default is that of Docker.',
      default: dockerCapabilities,
    },
  },
  messages: {
    excess: {
      what: 'the container would hold {actual} beyond the allowed set',
      why: 'Each capability is a part of the power of root over the host.',
      remedy: {
        docker: 'remove --privileged and the --cap-add of these, or --cap-drop them',
        podman: 'remove --privileged and the --cap-add of these, or --cap-drop them',
        kubernetes: 'take these out of securityContext.capabilities.add, or drop them',
        ctr: 'remove --privileged and the --cap-add of these, or --cap-drop them',
        default: 'take these out of every set of process.capabilities',
      },
    },
    absent: {
      what: 'process.capabilities is absent, which leaves the sets to the runtime',
      why: 'Absent is not none: which capabilities the process gets depends on the runtime and its caller.',
      remedy: { default: 'write process.capabilities, with empty sets if none are needed' },
    },
    exec: {
      what: 'the command would hold {actual}, which its container does not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: {
        docker: 'leave out --privileged of docker exec',
        podman: 'leave out --privileged and --cap-add of podman exec',
        default: 'take these out of every capability set of the process',
      },
    },
  },
  check: (input, { allowed }) => {
    const execs = input.operation === 'exec'
    const sets = input.process?.capabilities
    if (sets === undefined) {
      // An exec without sets gets those of its container (runc libcontainer, finalizeNamespace).
      if (execs) return []
      return [{ message: 'absent', pointer: '/process/capabilities', actual: 'absent', expected: 'present' }]
    }
    const excess = capabilitiesBeyond(sets, allowedFor(input, allowed))
    if (excess.length === 0) return []
    const where = execs
      ? ({ message: 'exec', pointer: '/capabilities', expected: 'within those of the container' } as const)
      : ({ message: 'excess', pointer: '/process/capabilities', expected: 'within the allowed set' } as const)
    return [{ ...where, actual: listCapabilities(excess) }]
  },
  fix: (observations, input, { allowed }) => {
    // A restored process comes back with the credentials of its checkpoint, whatever the file says.
    if (input.operation === 'restore') return []
    return observations.flatMap(({ message, pointer }) => {
      // Never more than runc gives by itself: measured, 1.1.5 turns absent into none.
      const none = { bounding: [], effective: [], permitted: [] }
      if (message === 'absent') return [place(input.config, pointer, none)]
      const narrowed = narrowCapabilities(input.process?.capabilities ?? {}, allowedFor(input, allowed))
      const op = 'replace' as const
      return Object.entries(narrowed).map(([set, value]) => ({ op, path: `${pointer}/${set}`, value }))
    })
  },
  examples: {
    good: [
      { name: 'nothing at all', process: { capabilities: { bounding: [], effective: [], permitted: [] } } },
      { name: 'a default one, spelled another way', process: { capabilities: { bounding: ['chown'] } } },
      {
        name: 'an exec with what its container holds by exemption',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } } },
        process: { capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'] } },
      },
      { name: 'an exec that leaves the sets to its container', operation: 'exec', process: {} },
    ],
    bad: [
      {
        name: 'in every set of an engine, beside one that stays',
        process: { capabilities: { bounding: ['CAP_KILL', 'CAP_BPF'], effective: ['CAP_KILL', 'CAP_BPF'] } },
        message: 'excess',
      },
      {
        name: 'in the bounding set only',
        process: { capabilities: { bounding: ['CAP_SYS_PTRACE'] } },
        message: 'excess',
      },
      {
        name: 'in the ambient set only',
        process: { capabilities: { ambient: ['CAP_DAC_READ_SEARCH'] } },
        message: 'excess',
      },
      {
        name: 'in the inheritable set only',
        process: { capabilities: { inheritable: ['CAP_BPF'] } },
        message: 'excess',
      },
      {
        name: 'spelled for libcap',
        process: { capabilities: { bounding: ['sys_admin'] } },
        message: 'excess',
      },
      { name: 'no sets at all', process: { capabilities: null }, message: 'absent' },
      {
        name: 'a restore, whose credentials are those of the checkpoint',
        operation: 'restore',
        process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } },
        message: 'excess',
        fixable: false,
      },
      {
        name: 'a privileged exec, or one built from the configuration before it was fixed',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_CHOWN'] } } },
        process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'], effective: ['CAP_KILL'] } },
        message: 'exec',
      },
    ],
  },
})

const allowedFor = ({ operation, config }: RuleInput, allowed: readonly string[]): readonly string[] => {
  const admitted = operation === 'exec' ? config?.process?.capabilities : undefined
  return admitted === undefined ? allowed : heldCapabilities(admitted)
}
