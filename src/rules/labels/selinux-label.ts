/** Requires a SELinux label of a container type, with categories of its own, where SELinux is on the host. */
import type { Probe } from '../../core/facts.ts'
import { selinuxProbe, selinuxState } from '../../core/lsm.ts'
import type { ParametersOf } from '../../core/parameters.ts'
import { place } from '../../core/patch.ts'
import { err, type Result } from '../../core/result.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { type AssignedLabels, assignedLabels, assignmentProbes } from '../../selinux/assignment.ts'
import { knownLabel, type Label, parseLabel, processLabelOf } from '../../selinux/label.ts'
import { categoryCount, type Range, sameLevel, sameRange } from '../../selinux/range.ts'
import { selinuxBad, selinuxGood } from '../support/selinux-label-examples.ts'
import { selinuxParameters } from '../support/selinux-label-parameters.ts'

export const selinuxLabel = defineRule({
  id: 'selinux-label',
  title: 'Ensure that, if applicable, SELinux security options are set',
  severity: 'high',
  category: 'lsm',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.2' },
    { benchmark: 'cis-docker-1.7.0', item: '5.3' },
    { benchmark: 'pss-baseline', item: 'SELinux' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001940' },
    { url: 'https://github.com/containers/container-selinux' },
    { url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/mls_mcs.md' },
  ],
  rationale:
    "The type keeps a container from the files of the host, the categories from those of other containers. Without a label it runs in the engine's own domain or in spc_t, which nothing confines; categories mean nothing to those types, and a level with every category reaches every container's files. A host without SELinux is asked for nothing, since a runtime fails on a label there: AppArmor is for apparmor-profile, and selinux-enforcing refuses such a host. Of a permissive one the same is asked as of an enforcing one. Where the loaded policy has no categories, set require-categories to false.",
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: selinuxParameters,
  messages: {
    absent: {
      what: 'the container would run without a SELinux label, in the domain of its engine or in spc_t',
      why: 'Neither is confined: the files of the host are open to whoever is root in the container.',
      remedy: {
        docker: 'remove --privileged and label=disable, and set "selinux-enabled": true in daemon.json',
        podman: 'remove --privileged and --security-opt label=disable',
        kubernetes:
          'remove privileged: true (on CRI-O also hostNetwork, hostPID and hostIPC), and turn on SELinux in the runtime (containerd: enable_selinux, CRI-O: selinux)',
        ctr: 'add --selinux-label',
        default: 'set process.selinuxLabel and linux.mountLabel',
      },
    },
    unbearable: {
      what: 'the container would run without a SELinux label, and cannot be given one: {actual}',
      why: 'A program does not survive its start where it may not read its own files.',
      remedy: {
        docker:
          'set "selinux-enabled": true in daemon.json, or give the files a label by :Z; a level is chosen by --security-opt label=level:',
        podman: 'turn labels on (containers.conf, label = true); volumes get theirs by :Z',
        kubernetes:
          'turn on SELinux in the runtime (containerd: enable_selinux, CRI-O: selinux), or set securityContext.seLinuxOptions',
        default: 'label the files of the container, and set process.selinuxLabel and linux.mountLabel',
      },
    },
    invalid: {
      what: 'the loaded SELinux policy does not take the label {actual}',
      why: 'It has no such user, role, type or level, or does not allow them together: the runtime would fail without saying so.',
      remedy: {
        docker: 'correct --security-opt label=type:, label=level:, label=user: or label=role:',
        podman: 'correct --security-opt label=type:, label=level:, label=user: or label=role:',
        kubernetes: 'correct securityContext.seLinuxOptions',
        ctr: 'correct --selinux-label',
        default: 'set a label that the kernel takes (written to /sys/fs/selinux/context)',
      },
    },
    malformed: {
      what: 'the SELinux label {actual} is none that the kernel takes',
      why: 'What it means depends on who reads it.',
      remedy: { default: 'write it as user:role:type:s0:cA,cB' },
    },
    type: {
      what: 'the container would have the SELinux type {actual}',
      why: 'Types such as spc_t and unconfined_t are confined by nothing.',
      remedy: {
        docker: 'remove --security-opt label=type:',
        podman: 'remove --security-opt label=type:',
        kubernetes: 'remove securityContext.seLinuxOptions.type',
        ctr: 'change --selinux-label',
        default: 'use one of {expected} in process.selinuxLabel',
      },
    },
    categories: {
      what: 'the SELinux level {actual} does not set the container apart from others',
      why: 'Containers are told apart by a pair of categories; with all of them every file of every container is open.',
      remedy: {
        docker: 'remove --security-opt label=level:',
        podman: 'remove --security-opt label=level:',
        kubernetes: 'remove securityContext.seLinuxOptions.level',
        default: 'use one level with {expected}',
      },
    },
    mount: {
      what: 'the SELinux label of the mounts, {actual}, does not go with that of the process',
      why: 'The files the runtime makes would be open to others, belong to the host, or have a range, which no file can.',
      remedy: {
        docker: 'remove --security-opt label=filetype: and label=level:',
        podman: 'remove --security-opt label=filetype: and label=level:',
        default: 'give linux.mountLabel {expected}',
      },
    },
    exec: {
      what: 'the command would have the SELinux label {actual}, which its container does not',
      why: 'The runtime obeys: an exec with another label leaves the confinement of its container.',
      remedy: { default: 'leave out --process-label, or take selinuxLabel out of the process' },
    },
    unknown: {
      what: 'whether SELinux has to confine the container is not known: {actual}',
      why: 'On a host with SELinux a container without a label is not confined.',
      remedy: { default: 'judge the bundle on the host it is to run on' },
    },
  },
  probes: (input, parameters) => (input.operation === 'exec' ? [] : probesOf(input, parameters)),
  check: (input, parameters) => (input.operation === 'exec' ? judgeExec(input) : judge(input, parameters)),
  // Only what is missing is made; a wrong label is never put right, at exec no more than at create.
  fix: (observations, input, parameters) => {
    const labels = observations.some(({ message }) => message === 'absent') && assign(input, parameters)
    if (labels === false || labels?.ok !== true) return []
    return [place(input.config, at, labels.value.process), place(input.config, mountsAt, labels.value.mount)]
  },
  examples: { good: selinuxGood, bad: selinuxBad },
})

type Key =
  | 'absent'
  | 'unbearable'
  | 'invalid'
  | 'malformed'
  | 'type'
  | 'categories'
  | 'mount'
  | 'exec'
  | 'unknown'
type Seen = readonly Observation<Key>[]

type Parameters = ParametersOf<typeof selinuxParameters>

const at = '/process/selinuxLabel'
const mountsAt = '/linux/mountLabel'

const probesOf = (input: RuleInput, parameters: Parameters): readonly Probe[] => {
  if (input.identity.sandbox) return []
  const text = processLabelOf(input)
  const written = [text, mountLabelOf(input)].filter((label) => label !== '')
  const asked = written.map((path): Probe => ({ path, kind: 'context' }))
  const { config } = input
  const assigns = config !== undefined && mayAssign(input, parameters)
  return [
    selinuxProbe,
    ...asked,
    ...(assigns ? assignmentProbes(config, assignmentOf(input, parameters)) : []),
  ]
}

/**
 * A label of the mounts alone is what label=disable and --privileged leave: somebody asked for none. What is restored
 * has the label it was checkpointed with.
 */
const mayAssign = (input: RuleInput, parameters: Parameters): boolean =>
  parameters['assigned-type'] !== '' &&
  input.operation !== 'restore' &&
  processLabelOf(input) === '' &&
  mountLabelOf(input) === ''

const assignmentOf = ({ requester }: RuleInput, parameters: Parameters) => ({
  type: parameters['assigned-type'],
  mountType: parameters['allowed-mount-types'][0] ?? '',
  clearance: requester?.clearance,
})

/** The labels a container without any gets; undefined where it is to get none. */
const assign = (input: RuleInput, parameters: Parameters): Result<AssignedLabels, string> | undefined => {
  const { config, facts, requester } = input
  if (config === undefined || !mayAssign(input, parameters)) return undefined
  if (requester !== undefined && requester.clearance === undefined)
    return err('whoever it is for is cleared for no level')
  const fileTypes = parameters['allowed-mount-types']
  return assignedLabels(config, assignmentOf(input, parameters), { facts, fileTypes })
}

const judge = (input: RuleInput, parameters: Parameters): Seen => {
  const state = selinuxState(input.facts)
  // A pause container sleeps; what shares its label is judged for itself.
  if (state === 'off' || input.identity.sandbox) return []
  const text = processLabelOf(input)
  const types = parameters['allowed-types']
  if (text === '' && state !== 'unknown') return [judgeAbsent(input, parameters)]
  if (text === '') {
    // A profile of AppArmor tells which module the host has.
    if ((input.process?.apparmorProfile ?? '') !== '') return []
    const actual = 'the host was not looked at'
    return [{ message: 'unknown', pointer: at, actual, expected: 'a label, where SELinux is', unknown: true }]
  }
  const label = knownLabel(text, input.facts)
  if (!label.ok) {
    const expected = 'user:role:type:range'
    return [{ message: 'malformed', pointer: at, actual: `${text} (${label.error})`, expected }]
  }
  const seen = [
    ...judgeType(label.value, types),
    ...judgeLevel(label.value, text, parameters),
    ...judgeMounts(input, label.value, parameters),
  ]
  return seen.length > 0 ? seen : judgeByKernel(input, text)
}

const judgeAbsent = (input: RuleInput, parameters: Parameters): Observation<Key> => {
  const expected = `a label with ${parameters['allowed-types'][0] ?? ''}`
  const labels = assign(input, parameters)
  return labels === undefined || labels.ok
    ? { message: 'absent', pointer: at, actual: 'no label', expected }
    : { message: 'unbearable', pointer: at, actual: labels.error, expected }
}

/** What nothing here finds fault with, and the loaded policy does. */
const judgeByKernel = (input: RuleInput, text: string): Seen => {
  const labels = [
    [at, text],
    [mountsAt, mountLabelOf(input)],
  ] as const
  return labels.flatMap(([pointer, actual]) =>
    input.facts.contexts[actual] === null
      ? [{ message: 'invalid' as const, pointer, actual, expected: 'a label of the loaded policy' }]
      : [],
  )
}

/** `--lsm-mount-context` of restore goes before the configuration. */
const mountLabelOf = ({ call, config }: RuleInput): string =>
  call.lsmMountContext || (config?.linux?.mountLabel ?? '')

const judgeType = ({ type }: Label, types: readonly string[]): Seen =>
  types.includes(type) ? [] : [{ message: 'type', pointer: at, actual: type, expected: types.join(', ') }]

const judgeLevel = ({ range }: Label, text: string, parameters: Parameters): Seen => {
  if (!parameters['require-categories']) return []
  const most = parameters['max-categories']
  const count = range === undefined ? 0 : categoryCount(range.high)
  if (range !== undefined && sameLevel(range.low, range.high) && count >= 2 && count <= most) return []
  const actual = text.split(':').slice(3).join(':') || 'none'
  return [{ message: 'categories', pointer: at, actual, expected: `2 to ${most} categories` }]
}

/**
 * Engines give process and mounts one level (go-selinux InitLabels). No file is made at a range (refpolicy mls and mcs,
 * file create): where the process has one, its mounts have the bound at which it writes.
 */
const judgeMounts = (input: RuleInput, { user, range }: Label, parameters: Parameters): Seen => {
  const text = mountLabelOf(input)
  if (text === '' && !parameters['require-mount-label']) return []
  const types = parameters['allowed-mount-types']
  const label = knownLabel(text, input.facts)
  const agrees = label.ok && label.value.user === user && isSameRange(label.value.range, writtenAt(range))
  if (agrees && types.includes(label.value.type)) return []
  const expected = `a type of ${types.join(', ')}, and user and level of the process`
  return [{ message: 'mount', pointer: mountsAt, actual: text || 'none', expected }]
}

/**
 * The upper bound where only categories differ, the lower where sensitivities do: a policy that has those compares the
 * lower one when a process writes, one that has none the upper.
 */
const writtenAt = (range: Range | undefined): Range | undefined => {
  if (range === undefined) return undefined
  const level = range.high.sensitivity > 0 ? range.low : range.high
  return { low: level, high: level }
}

const isSameRange = (one: Range | undefined, other: Range | undefined): boolean =>
  one === undefined || other === undefined ? one === other : sameRange(one, other)

/** An exec without a label gets that of its container (runc libcontainer, newInitConfig). */
const judgeExec = ({ process, config }: RuleInput): Seen => {
  const text = process?.selinuxLabel ?? ''
  const admitted = config?.process?.selinuxLabel ?? ''
  if (text === '' || text === admitted) return []
  // A container without a label is confined by nothing: no label can be less.
  if (admitted === '' && config !== undefined) return []
  const [asked, own] = [parseLabel(text), parseLabel(admitted)]
  const same =
    asked.ok &&
    own.ok &&
    asked.value.user === own.value.user &&
    asked.value.role === own.value.role &&
    asked.value.type === own.value.type &&
    isSameRange(asked.value.range, own.value.range)
  if (same) return []
  return [{ message: 'exec', pointer: '/selinuxLabel', actual: text, expected: 'that of its container' }]
}
