/** Requires a SELinux label of a container type, with categories of its own, where SELinux is on the host. */
import { selinuxProbe, selinuxState } from '../../core/lsm.ts'
import { place } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { containerTypes, type Label, parseLabel } from '../../selinux/label.ts'
import { categoryCount, type Range, sameLevel } from '../../selinux/range.ts'
import { selinuxBad, selinuxGood } from '../support/selinux-label-examples.ts'

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
    "The type keeps a container from the files of the host, the categories from those of other containers. Without a label it runs in the engine's own domain or in spc_t, which nothing confines; categories mean nothing to those types, and a level with every category reaches every container's files.",
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    'allowed-types': {
      type: 'array',
      items: { type: 'string' },
      description: 'Types that processes of containers may have.',
      default: containerTypes,
    },
    'allowed-mount-types': {
      type: 'array',
      items: { type: 'string' },
      description: 'Types that linux.mountLabel may have.',
      default: ['container_file_t', 'container_ro_file_t', 'svirt_sandbox_file_t', 'svirt_lxc_file_t'],
    },
    'require-categories': {
      type: 'boolean',
      description: 'Whether the level must be a single one and carry a pair of categories.',
      default: true,
    },
    'max-categories': {
      type: 'integer',
      minimum: 2,
      maximum: 1024,
      description:
        'The most categories a level may carry. Engines give two at random; with 64 of them a container reaches the files of less than one in 200 others.',
      default: 64,
    },
  },
  messages: {
    absent: {
      what: 'the container would run without a SELinux label, in the domain of its engine or in spc_t',
      why: 'Neither is confined: the files of the host are open to whoever is root in the container.',
      remedy: {
        docker: 'remove --privileged and label=disable, and set "selinux-enabled": true in daemon.json',
        podman: 'remove --privileged and --security-opt label=disable',
        kubernetes: 'remove privileged: true, and turn on SELinux in the runtime (enable_selinux)',
        ctr: 'add --selinux-label',
        default: 'set process.selinuxLabel and linux.mountLabel',
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
      why: 'The files the runtime makes would be open to others, or belong to the host.',
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
  probes: ({ operation }) => (operation === 'exec' ? [] : [selinuxProbe]),
  check: (input, parameters) => (input.operation === 'exec' ? judgeExec(input) : judge(input, parameters)),
  fix: (observations, { operation, config, process }) => {
    // A label for a new container cannot be made up: its root file system is mounted with the engine's already.
    const admitted = config?.process?.selinuxLabel ?? ''
    if (operation !== 'exec' || admitted === '') return []
    return observations.map(({ pointer }) => place(process, pointer, admitted))
  },
  examples: { good: selinuxGood, bad: selinuxBad },
})

type Key = 'absent' | 'malformed' | 'type' | 'categories' | 'mount' | 'exec' | 'unknown'
type Seen = readonly Observation<Key>[]

interface Parameters {
  readonly 'allowed-types': readonly string[]
  readonly 'allowed-mount-types': readonly string[]
  readonly 'require-categories': boolean
  readonly 'max-categories': number
}

const at = '/process/selinuxLabel'

const judge = (input: RuleInput, parameters: Parameters): Seen => {
  const state = selinuxState(input.facts)
  // A pause container sleeps; what shares its label is judged for itself.
  if (state === 'off' || input.identity.sandbox) return []
  const text = labelOf(input)
  const types = parameters['allowed-types']
  if (text === '' && state !== 'unknown')
    return [
      { message: 'absent', pointer: at, actual: 'no label', expected: `a label with ${types[0] ?? ''}` },
    ]
  if (text === '') {
    // A profile of AppArmor tells which module the host has.
    if ((input.process?.apparmorProfile ?? '') !== '') return []
    const actual = 'the host was not looked at'
    return [{ message: 'unknown', pointer: at, actual, expected: 'a label, where SELinux is', unknown: true }]
  }
  const label = parseLabel(text)
  if (!label.ok) {
    const expected = 'user:role:type:range'
    return [{ message: 'malformed', pointer: at, actual: `${text} (${label.error})`, expected }]
  }
  return [
    ...judgeType(label.value, types),
    ...judgeLevel(label.value, text, parameters),
    ...judgeMounts(input, label.value, parameters),
  ]
}

/** `--lsm-profile selinux:LABEL` of restore goes before the configuration. */
const labelOf = ({ call, process }: RuleInput): string =>
  call.lsmProfile.startsWith('selinux:')
    ? call.lsmProfile.slice('selinux:'.length)
    : (process?.selinuxLabel ?? '')

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

/** Engines give process and mounts one level (go-selinux InitLabels). */
const judgeMounts = ({ call, config }: RuleInput, { range }: Label, parameters: Parameters): Seen => {
  const text = call.lsmMountContext || (config?.linux?.mountLabel ?? '')
  if (text === '') return []
  const types = parameters['allowed-mount-types']
  const label = parseLabel(text)
  if (label.ok && types.includes(label.value.type) && sameRange(label.value.range, range)) return []
  const expected = `a type of ${types.join(', ')} and the level of the process`
  return [{ message: 'mount', pointer: '/linux/mountLabel', actual: text, expected }]
}

const sameRange = (one: Range | undefined, other: Range | undefined): boolean => {
  if (one === undefined || other === undefined) return one === other
  return sameLevel(one.low, other.low) && sameLevel(one.high, other.high)
}

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
    sameRange(asked.value.range, own.value.range)
  if (same) return []
  return [{ message: 'exec', pointer: '/selinuxLabel', actual: text, expected: admitted || 'its own label' }]
}
