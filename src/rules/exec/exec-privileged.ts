/** Keeps an exec within what its container was admitted with: capabilities, privileges, confinement, limits, cgroup. */
import {
  heldCapabilities,
  listCapabilities,
  narrowCapabilities,
  normalCapability,
} from '../../core/capabilities.ts'
import { ambientDemand, capabilityDemand, privilegeGain } from '../../core/exec-envelope.ts'
import { looserLimits, withinLimits } from '../../core/exec-limits.ts'
import { shownPath } from '../../core/host-paths.ts'
import { type PatchOperation, place } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { execPrivilegedBad, execPrivilegedGood } from '../support/exec-privileged-examples.ts'

export const execPrivileged = defineRule({
  id: 'exec-privileged',
  title: 'Ensure that commands in a running container are not given more privileges than the container',
  severity: 'high',
  category: 'privilege',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.22' },
    { benchmark: 'cis-docker-1.7.0', item: '5.23' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002080' },
    { url: 'https://docs.docker.com/reference/cli/docker/container/exec/#privileged' },
  ],
  rationale:
    'Whoever may run a command in a container could give it what the container itself was refused: every capability, new privileges, no profile, no limit. What an engine only repeats from the creation of the container is left to the rules that repaired it there.',
  appliesTo: ['exec'],
  parameters: {},
  messages: {
    capabilities: {
      what: 'the command would hold {actual}, which its container does not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: {
        docker: 'leave out --privileged of docker exec',
        podman: 'leave out --privileged and --cap-add of podman exec',
        ctr: 'take these out of the process',
        default: 'take these out of every capability set of the process, and leave out --cap',
      },
    },
    ambient: {
      what: 'the command, which is not root, would use {actual}, which its container cannot',
      why: 'The bounding set alone gives nothing to a user that is not root; an ambient capability does.',
      remedy: { default: 'take these out of capabilities.ambient of the process' },
    },
    'new-privileges': {
      what: 'the command may gain privileges through setuid programs, which its container may not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: { default: 'set noNewPrivileges of the process to true, and leave out --no-new-privs=false' },
    },
    confinement: {
      what: 'the command would run under {actual} instead of {expected}',
      why: 'Another profile or label is another set of what the kernel allows, and none is everything.',
      remedy: {
        default:
          'leave out --apparmor and --process-label, or take apparmorProfile and selinuxLabel out of the process',
      },
    },
    limits: {
      what: 'the command would run with {actual}, its container with {expected}',
      why: 'What the container may not take of the host, a command in it may not either.',
      remedy: { default: 'leave {actual} out of the process' },
    },
    cgroup: {
      what: 'the command would join the cgroup {actual}, outside that of its container',
      why: 'Limits of memory, processes, CPU and devices belong to the cgroup; elsewhere they do not hold.',
      remedy: { default: 'name a cgroup below that of the container, without .., in --cgroup' },
    },
    unseen: {
      what: 'what the container was admitted with is not known: {actual}',
      why: 'Only by that can it be seen whether the command gets more.',
      remedy: { default: 'call the runtime with the --root that the container was created with' },
    },
  },
  check: (input) => {
    const { config, call } = input
    const escapes = call.cgroups.filter(leavesCgroup).map(
      (path): Observation<'cgroup'> => ({
        message: 'cgroup',
        pointer: '',
        actual: shownPath(path),
        expected: 'a cgroup of the container',
      }),
    )
    if (config?.process === undefined) return [...escapes, unseen]
    return [...judgePrivileges(input), ...judgeConfinement(input), ...judgeLimits(input), ...escapes]
  },
  fix: (observations, input) => {
    // What flags describe is no document.
    if (input.call.described) return []
    const has = (key: string): boolean => observations.some(({ message }) => message === key)
    return [
      ...(has('capabilities') || has('ambient') ? narrowed(input) : []),
      ...(has('new-privileges') ? [place(input.process, '/noNewPrivileges', true)] : []),
      ...observations.filter(({ message }) => message === 'confinement').map((found) => own(input, found)),
      ...(has('limits') ? withinLimits(input) : []),
    ]
  },
  examples: { good: execPrivilegedGood, bad: execPrivilegedBad },
})

type Key = 'capabilities' | 'ambient' | 'new-privileges' | 'confinement' | 'limits' | 'cgroup' | 'unseen'
type Seen = readonly Observation<Key>[]

const unseen: Observation<'unseen'> = {
  message: 'unseen',
  pointer: '',
  actual: 'the configuration of its bundle was not found',
  expected: 'a bundle',
  unknown: true,
}

const judgePrivileges = (input: RuleInput): Seen => {
  const held = heldCapabilities(input.config?.process?.capabilities ?? {})
  const { demanded } = capabilityDemand(input, held)
  const ambient = ambientDemand(input)
  const expected = 'within those of the container'
  const gains = privilegeGain(input) === 'demanded'
  const actual = String(input.process?.noNewPrivileges ?? 'unset')
  return [
    ...(demanded.length === 0
      ? []
      : [at('capabilities', '/capabilities', { actual: listCapabilities(demanded), expected })]),
    ...(ambient.length === 0
      ? []
      : [at('ambient', '/capabilities/ambient', { actual: listCapabilities(ambient), expected })]),
    ...(gains ? [at('new-privileges', '/noNewPrivileges', { actual, expected: 'true' })] : []),
  ]
}

const at = (
  message: Key,
  pointer: string,
  said: { readonly actual: string; readonly expected: string },
): Observation<Key> => ({ message, pointer, ...said })

const confinements = [
  { member: 'apparmorProfile', called: 'the AppArmor profile' },
  { member: 'selinuxLabel', called: 'the SELinux label' },
] as const

/**
 * Absent is that of the container (runc newInitConfig, crun libcrun_container_exec_with_options); empty is none to
 * crun. Profiles have no order: any other than the container's may allow more.
 */
const judgeConfinement = ({ process, config, asked }: RuleInput): Seen =>
  confinements.flatMap(({ member, called }) => {
    const wanted = process?.[member]
    const admitted = config?.process?.[member] ?? ''
    const confined = admitted !== '' && admitted !== 'unconfined'
    if (!confined || wanted === undefined || wanted === admitted || wanted === asked?.[member]) return []
    const actual = wanted === '' ? `no ${called.slice(4)}` : `${called} ${shownPath(wanted)}`
    return [at('confinement', `/${member}`, { actual, expected: shownPath(admitted) })]
  })

const judgeLimits = (input: RuleInput): Seen =>
  looserLimits(input).map(({ pointer, actual, expected }) => at('limits', pointer, { actual, expected }))

/**
 * Both runtimes join the path to the cgroup of the container, so `/` is still the container's; runc then compares
 * by text alone, and `../ID-2` of the container `ID` passes (libcontainer newSetnsProcess). The path may stand after
 * `controllers:`.
 */
const leavesCgroup = (text: string): boolean => text.split(/[:/]/).includes('..')

const narrowed = ({ process, config }: RuleInput): readonly PatchOperation[] => {
  const sets = process?.capabilities ?? {}
  const within = narrowCapabilities(sets, heldCapabilities(config?.process?.capabilities ?? {}))
  const unusable = ambientDemand({ process, config, asked: undefined })
  const ambient = within['ambient'] ?? sets.ambient ?? []
  const kept = ambient.filter((name) => !unusable.includes(normalCapability(name)))
  const all = unusable.length === 0 ? within : { ...within, ambient: kept }
  return Object.entries(all).map(([set, value]) => ({ op: 'replace', path: `/capabilities/${set}`, value }))
}

const own = ({ process, config }: RuleInput, { pointer }: Observation): PatchOperation => {
  const admitted = config?.process
  const value = pointer === '/selinuxLabel' ? admitted?.selinuxLabel : admitted?.apparmorProfile
  return place(process, pointer, value ?? '')
}
