/** Keeps all five capability sets within the allowed ones; an exec within what its container was admitted with. */
import {
  capabilitiesBeyond,
  dockerCapabilities,
  heldCapabilities,
  listCapabilities,
  narrowCapabilities,
} from '../../core/capabilities.ts'
import { capabilityDemand } from '../../core/exec-envelope.ts'
import { place } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'

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
      what: 'the command repeats {actual}, which were taken from its container at create',
      why: 'Engines build every exec from what they had asked for; it gets what its container was left with.',
      remedy: { default: 'ask for no more than the container keeps, then nothing has to be repaired' },
    },
    demand: {
      what: 'the command would hold {actual}, which its container does not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: {
        docker: 'leave out --privileged of docker exec',
        podman: 'leave out --privileged and --cap-add of podman exec',
        default: 'take these out of every capability set of the process, and leave out --cap',
      },
    },
  },
  check: (input, { allowed }) => {
    if (input.operation === 'exec') return judgeExec(input, allowedFor(input, allowed))
    const sets = input.process?.capabilities
    if (sets === undefined)
      return [{ message: 'absent', pointer: '/process/capabilities', actual: 'absent', expected: 'present' }]
    const excess = capabilitiesBeyond(sets, allowed)
    if (excess.length === 0) return []
    const where = { pointer: '/process/capabilities', expected: 'within the allowed set' }
    return [{ message: 'excess', ...where, actual: listCapabilities(excess) }]
  },
  fix: (observations, input, { allowed }) => {
    // A restored process comes back with the credentials of its checkpoint; a command line is not rewritten.
    if (input.operation === 'restore' || input.call.described) return []
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
        name: 'an exec built from what the engine had asked for at create',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_CHOWN'] } } },
        asked: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'] } },
        process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'], effective: ['CAP_KILL'] } },
        message: 'exec',
      },
      {
        name: 'a privileged exec',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_CHOWN'] } } },
        asked: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'] } },
        process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'], effective: ['CAP_SYS_ADMIN'] } },
        message: 'demand',
      },
      {
        name: 'an allowed one, but not of this container',
        operation: 'exec',
        config: { process: { capabilities: { bounding: [] } } },
        process: { capabilities: { bounding: ['CAP_CHOWN'] } },
        message: 'demand',
      },
      {
        name: 'runc exec --cap, which cannot be rewritten',
        operation: 'exec',
        call: { described: true },
        process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } },
        message: 'demand',
        fixable: false,
      },
    ],
  },
})

type Key = 'excess' | 'absent' | 'exec' | 'demand'

/** `demand` is told by exec-privileged too; without it this rule alone must hold. */
const judgeExec = (input: RuleInput, allowed: readonly string[]): readonly Observation<Key>[] => {
  const { demanded, repeated } = capabilityDemand(input, allowed)
  const where = { pointer: '/capabilities', expected: 'within those of the container' }
  if (demanded.length > 0) return [{ message: 'demand', ...where, actual: listCapabilities(demanded) }]
  if (repeated.length === 0) return []
  return [{ message: 'exec', ...where, actual: listCapabilities(repeated), standing: true }]
}

const allowedFor = ({ operation, config }: RuleInput, allowed: readonly string[]): readonly string[] => {
  const admitted = operation === 'exec' ? config?.process?.capabilities : undefined
  return admitted === undefined ? allowed : heldCapabilities(admitted)
}
