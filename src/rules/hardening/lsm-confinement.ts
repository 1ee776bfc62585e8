/** Requires that at least one Linux security module, AppArmor or SELinux, confines the container. */
import { noHostFacts } from '../../core/facts.ts'
import {
  apparmorProbes,
  apparmorState,
  judgeProfile,
  type ProfileVerdict,
  selinuxProbe,
  selinuxState,
} from '../../core/lsm.ts'
import type { Process } from '../../core/oci.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { callerUserNamespace, uidMapProbe } from '../../core/user-namespace.ts'
import { containerTypes, parseLabel } from '../../selinux/label.ts'
import { lsmBad, lsmGood } from '../support/lsm-confinement-examples.ts'

export const lsmConfinement = defineRule({
  id: 'lsm-confinement',
  title: 'Ensure that at least one Linux security module confines the container',
  severity: 'high',
  category: 'lsm',
  references: [
    {
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF',
    },
    { url: 'https://docs.kernel.org/admin-guide/LSM/index.html' },
  ],
  rationale:
    'A profile or a label still holds when a capability, a mount or a bug of the kernel gives the container more than it should have. Which of the two it is does not matter here; apparmor-profile and selinux-label ask for each by itself.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    'selinux-types': {
      type: 'array',
      items: { type: 'string' },
      description: 'SELinux types that count as confined.',
      default: containerTypes,
    },
    'require-module': {
      type: 'boolean',
      description:
        'Whether a host on which neither AppArmor nor an enforcing SELinux runs is a finding for each of its containers; else that is left to a look at the host.',
      default: false,
    },
  },
  messages: {
    unconfined: {
      what: 'neither AppArmor nor SELinux would confine the container: {actual}',
      why: 'A single mistake elsewhere then gives it the host.',
      remedy: {
        docker: 'remove --privileged, --security-opt apparmor=unconfined and label=disable',
        podman: 'remove --privileged, --security-opt apparmor=unconfined and label=disable',
        kubernetes: 'remove privileged: true, and set appArmorProfile.type: RuntimeDefault',
        ctr: 'add --apparmor-default-profile or --selinux-label',
        default: 'set process.apparmorProfile or process.selinuxLabel',
      },
    },
    module: {
      what: 'the host has neither AppArmor nor an enforcing SELinux',
      why: 'Nothing is left when capabilities and namespaces fail.',
      remedy: { default: 'turn on the module of the distribution, or set require-module to false' },
    },
    exec: {
      what: 'the command would not be confined as its container is: {actual}',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: { default: 'leave out --apparmor and --process-label' },
    },
    unknown: {
      what: 'whether a security module confines the container is not known: {actual}',
      why: 'Only the host tells which module it has and which profiles are loaded.',
      remedy: { default: 'judge the bundle on the host it is to run on, as root' },
    },
  },
  probes: ({ operation }) => (operation === 'exec' ? [] : [...apparmorProbes, selinuxProbe, uidMapProbe]),
  check: (input, parameters) => {
    const types = parameters['selinux-types']
    if (input.operation === 'exec') return judgeExec(input, types)
    return input.identity.sandbox ? [] : judge(input, types, parameters['require-module'])
  },
  examples: { good: lsmGood, bad: lsmBad },
})

type Seen = readonly Observation<'unconfined' | 'module' | 'exec' | 'unknown'>[]

const judge = (input: RuleInput, types: readonly string[], requiresModule: boolean): Seen => {
  const { facts, call } = input
  const [name, text] = asked(input.process, call.lsmProfile)
  const [apparmor, selinux] = [apparmorState(facts), selinuxState(facts)]
  const where = { pointer: '/process', expected: 'a profile or a label that confines' }
  const rootless = name === '' && callerUserNamespace(facts) === 'mapped'
  const [asksProfile, asksLabel] = [apparmor === 'on' && !rootless, selinux === 'enforcing']
  if (facts.onHost && !asksProfile && !asksLabel)
    return requiresModule ? [{ message: 'module', ...where, actual: 'no module' }] : []
  const profile = apparmor === 'off' ? undefined : judgeProfile(name, facts)
  const label = asksLabel || !facts.onHost ? judgeLabel(text, types) : undefined
  if (profile?.kind === 'enforced' || label === 'confined') return []
  const told = [profile?.told ?? '', label ?? ''].filter((each) => each !== '').join(', ')
  const untold = profile?.kind === 'unlisted' || (!facts.onHost && name === '' && text === '')
  if (!untold) return [{ message: 'unconfined', ...where, actual: told }]
  const actual = facts.onHost ? told : 'the host was not looked at'
  return [{ message: 'unknown', ...where, actual, unknown: true }]
}

/** Profile and label the process is to get; those restore is told go before the configuration. */
const asked = (process: Process | undefined, lsmProfile: string): readonly [string, string] => {
  const [module, ...rest] = lsmProfile.split(':')
  const told = rest.join(':')
  return [
    module === 'apparmor' ? told : (process?.apparmorProfile ?? ''),
    module === 'selinux' ? told : (process?.selinuxLabel ?? ''),
  ]
}

/** `confined`, or what is wrong with the label. */
const judgeLabel = (text: string, types: readonly string[]): string => {
  if (text === '') return 'no label'
  const label = parseLabel(text)
  if (!label.ok) return `label ${text} (${label.error})`
  return types.includes(label.value.type) ? 'confined' : `type ${label.value.type}`
}

/** By name alone, since what the container got was judged when it was created. */
const judgeExec = ({ process, config }: RuleInput, types: readonly string[]): Seen => {
  const [name, text] = asked(process, '')
  const [ownName, ownText] = asked(config?.process, '')
  const loses =
    (!isLoose(ownName) && name !== '' && isLoose(name)) ||
    (judgeLabel(ownText, types) === 'confined' && text !== '' && judgeLabel(text, types) !== 'confined')
  if (!loses) return []
  const actual = [name, text].filter((each) => each !== '').join(', ')
  return [{ message: 'exec', pointer: '', actual, expected: 'as its container' }]
}

const loose: readonly ProfileVerdict['kind'][] = ['none', 'unconfined', 'namespace']
const isLoose = (name: string): boolean => loose.includes(judgeProfile(name, noHostFacts).kind)
