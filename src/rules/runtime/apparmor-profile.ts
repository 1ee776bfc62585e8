/** Requires an AppArmor profile that is loaded and enforced, where AppArmor is what the host confines with. */
import { noHostFacts } from '../../core/facts.ts'
import {
  apparmorProbes,
  apparmorState,
  enforcedProfile,
  judgeProfile,
  selinuxProbe,
  selinuxState,
} from '../../core/lsm.ts'
import { place } from '../../core/patch.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { callerUserNamespace, uidMapProbe } from '../../core/user-namespace.ts'
import { containerTypes, parseLabel } from '../../selinux/label.ts'
import { apparmorBad, apparmorGood } from '../support/apparmor-profile-examples.ts'

export const apparmorProfile = defineRule({
  id: 'apparmor-profile',
  title: 'Ensure that, if applicable, an AppArmor profile is enabled',
  severity: 'high',
  category: 'lsm',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.1' },
    { benchmark: 'cis-docker-1.7.0', item: '5.2' },
    { benchmark: 'pss-baseline', item: 'AppArmor' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001930' },
    { url: 'https://gitlab.com/apparmor/apparmor/-/wikis/AppArmorStacking' },
    { url: 'https://docs.docker.com/engine/security/apparmor/' },
  ],
  rationale:
    'A profile forbids what capabilities and namespaces leave open: mounting, writing below /proc and /sys, signalling other containers. An empty name is no default: the container then keeps the label of the engine, which is not confined. A name alone proves nothing either: the profile must be loaded, and in enforce mode.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    allowed: {
      type: 'array',
      items: { type: 'string' },
      description: 'Names that profiles may have; `*` stands for any run of characters.',
      default: ['*'],
    },
    rootless: {
      type: 'boolean',
      description:
        'Whether containers of an unprivileged user need a profile too; rootless Podman cannot give them one.',
      default: false,
    },
  },
  messages: {
    absent: {
      what: 'the container would run without an AppArmor profile, with the label of its engine',
      why: 'Nothing but capabilities and namespaces then stands between it and the files of the kernel.',
      remedy: {
        docker: 'remove --privileged, or add --security-opt apparmor=docker-default',
        podman: 'remove --privileged and --security-opt apparmor=unconfined',
        kubernetes: 'set securityContext.appArmorProfile.type: RuntimeDefault and privileged: false',
        ctr: 'add --apparmor-default-profile cri-containerd.apparmor.d',
        default: 'set process.apparmorProfile',
      },
    },
    weak: {
      what: 'the AppArmor profile {actual} does not confine the container',
      why: 'A profile that is not loaded, not enforced or stacked with unconfined only looks like one.',
      remedy: {
        docker: 'remove --security-opt apparmor=, or load that profile in enforce mode',
        podman: 'remove --security-opt apparmor=, or load that profile in enforce mode',
        kubernetes: 'set securityContext.appArmorProfile.type: RuntimeDefault, or load that profile enforced',
        ctr: 'change --apparmor-profile, or load that profile in enforce mode',
        default: 'change process.apparmorProfile, or load that profile in enforce mode',
      },
    },
    unlisted: {
      what: 'the AppArmor profile {actual} is not an allowed one',
      why: 'A profile made for another program may forbid nothing that a container must not do.',
      remedy: { default: 'use one of {expected}' },
    },
    exec: {
      what: 'the command would run with {actual} instead of the AppArmor profile of its container',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: { default: 'leave out --apparmor, or take apparmorProfile out of the process' },
    },
    unknown: {
      what: 'whether AppArmor confines the container is not known: {actual}',
      why: 'A name alone does not say whether the profile is loaded and enforced.',
      remedy: { default: 'judge the bundle on the host it is to run on, as root' },
    },
  },
  probes: ({ operation }) => (operation === 'exec' ? [] : [...apparmorProbes, selinuxProbe, uidMapProbe]),
  check: (input, parameters) => (input.operation === 'exec' ? judgeExec(input) : judge(input, parameters)),
  fix: (observations, input, { allowed }) => {
    // A restored process comes back with the credentials of its checkpoint, whatever the file says.
    if (input.operation === 'restore') return []
    if (input.operation === 'exec') {
      const admitted = input.config?.process?.apparmorProfile
      return admitted === undefined ? [] : [place(input.process, at, admitted)]
    }
    const preset = engineDefault(input)
    const fits = preset !== undefined && isAllowed(preset, allowed)
    return fits ? observations.map(({ pointer }) => place(input.config, pointer, preset)) : []
  },
  examples: { good: apparmorGood, bad: apparmorBad },
})

const at = '/apparmorProfile'

type Key = 'absent' | 'weak' | 'unlisted' | 'exec' | 'unknown'

const isAllowed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some((pattern) => matchesGlob(pattern, name))

/** `--lsm-profile apparmor:NAME` of restore goes before the configuration. */
const nameOf = ({ call, process }: RuleInput): string =>
  call.lsmProfile.startsWith('apparmor:')
    ? call.lsmProfile.slice('apparmor:'.length)
    : (process?.apparmorProfile ?? '')

const judge = (
  input: RuleInput,
  { allowed, rootless }: { readonly allowed: readonly string[]; readonly rootless: boolean },
): readonly Observation<Key>[] => {
  const { facts, identity } = input
  // containerd gives a pause container no profile, and CRI has no field to ask for one.
  if (identity.sandbox || apparmorState(facts) === 'off' || hasLabel(input)) return []
  const name = nameOf(input)
  const where = { pointer: `/process${at}`, expected: 'a loaded profile in enforce mode' }
  const { kind, told } = judgeProfile(name, facts)
  if (kind === 'none' && name === '') {
    if (apparmorState(facts) === 'unknown')
      return [{ message: 'unknown', ...where, actual: 'the host was not looked at', unknown: true }]
    const excused = !rootless && callerUserNamespace(facts) === 'mapped'
    return excused ? [] : [{ message: 'absent', ...where, actual: 'no profile' }]
  }
  if (kind === 'unlisted') return [{ message: 'unknown', ...where, actual: told, unknown: true }]
  if (kind !== 'enforced') return [{ message: 'weak', ...where, actual: told }]
  if (isAllowed(name, allowed)) return []
  return [{ message: 'unlisted', ...where, actual: name, expected: allowed.join(', ') }]
}

/** Where SELinux is the host's module, a label of a container type confines as well. */
const hasLabel = ({ facts, process }: RuleInput): boolean => {
  const text = process?.selinuxLabel ?? ''
  const state = selinuxState(facts)
  if (text === '' || state === 'off' || state === 'permissive') return false
  const label = parseLabel(text)
  return label.ok && containerTypes.some((type) => type === label.value.type)
}

/** An exec without a profile gets that of its container (runc libcontainer, newInitConfig). */
const judgeExec = ({ process, config, asked }: RuleInput): readonly Observation<Key>[] => {
  const name = process?.apparmorProfile ?? ''
  const admitted = config?.process?.apparmorProfile ?? ''
  if (name === '' || name === admitted) return []
  // Where the container is not confined, or cannot be known, only a name that says it confines nothing is worse.
  if (!confinesByName(admitted) && (config !== undefined || confinesByName(name))) return []
  const expected = admitted === '' ? 'a profile that confines' : admitted
  const found = { message: 'exec' as const, pointer: at, actual: name, expected }
  return asked?.apparmorProfile === name ? [{ ...found, standing: true }] : [found]
}

/** Without looking at the host: false only for names that confine nothing anywhere. */
const confinesByName = (name: string): boolean => judgeProfile(name, noHostFacts).kind === 'unlisted'

/** What the engine gives a container that asks for nothing, where it is loaded and enforced. */
const engineDefault = ({ identity, facts }: RuleInput): string | undefined => {
  if (!identity.proven) return undefined
  const name = identity.speaker === 'ctr' ? 'nerdctl-default' : defaults[identity.engine]
  const loaded = name === undefined ? undefined : enforcedProfile(name, facts)
  // Podman's carries its version.
  return loaded === name || identity.engine === 'podman' ? loaded : undefined
}

const defaults: { readonly [engine: string]: string } = {
  docker: 'docker-default',
  containerd: 'cri-containerd.apparmor.d',
  crio: 'crio-default',
  podman: 'containers-default-',
}
