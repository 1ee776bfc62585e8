/** Requires that mount options give files no label but one the container may have. */
import { selinuxProbe, selinuxState } from '../../core/lsm.ts'
import { pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { knownLabel, processLabelOf } from '../../selinux/label.ts'
import { contextsOf, type MountContext } from '../../selinux/mount-context.ts'
import { type Range, sameRange } from '../../selinux/range.ts'
import { mountContextBad, mountContextGood } from '../support/selinux-mount-context-examples.ts'

export const selinuxMountContext = defineRule({
  id: 'selinux-mount-context',
  title: 'Ensure that mount options do not give files the SELinux label of others',
  severity: 'high',
  category: 'lsm',
  references: [
    { url: 'https://man7.org/linux/man-pages/man8/mount.8.html' },
    { url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/mounting_file_systems.md' },
  ],
  rationale:
    'context=, fscontext=, defcontext= and rootcontext= put a label on whole file systems, whatever their files have. With one of another level a container writes files that another reads, or that nobody else can be kept from; with a type of the host its files are taken for those of the host. A host without SELinux is asked for nothing, whatever else confines there: its kernel takes no such option. Where the loaded policy has no levels, none is compared.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'allowed-types': {
      type: 'array',
      items: { type: 'string' },
      description: 'Types such options may give, as the kernel calls them.',
      default: ['container_file_t', 'container_ro_file_t', 'svirt_sandbox_file_t', 'svirt_lxc_file_t'],
    },
  },
  messages: {
    malformed: {
      what: 'the mount option {actual} holds no label that the kernel takes',
      why: 'The mount would fail, or mean something else than it says.',
      remedy: { default: 'write it as context="user:role:type:level", or leave it out' },
    },
    label: {
      what: 'the mount option {actual} would give files a label that is not the container’s',
      why: 'Its files would belong to the host or to other containers.',
      remedy: {
        docker:
          'take context= out of the options of --mount or of the volume (docker volume create --opt o=)',
        podman: 'take context= out of the options of --mount, --tmpfs or of the volume',
        kubernetes:
          'take context= out of mountOptions of the persistent volume; set securityContext.seLinuxOptions',
        default: 'give it {expected}',
      },
    },
  },
  probes: (input) => {
    const own = processLabelOf(input)
    const labels = [...(own === '' ? [] : [own]), ...options(input).map(({ label }) => label)]
    return labels.length === 0
      ? []
      : [selinuxProbe, ...labels.map((path) => ({ path, kind: 'context' as const }))]
  },
  check: (input, parameters) => {
    if (selinuxState(input.facts) === 'off') return []
    const own = knownLabel(processLabelOf(input), input.facts)
    const range = own.ok ? own.value.range : undefined
    return options(input).flatMap((each) => judge(each, { input, range, types: parameters['allowed-types'] }))
  },
  examples: { good: mountContextGood, bad: mountContextBad },
})

interface At extends MountContext {
  readonly index: number
}

const options = ({ config }: RuleInput): readonly At[] =>
  (config?.mounts ?? []).flatMap((mount, index) =>
    contextsOf(mount.options).map((each) => ({ ...each, index })),
  )

const judge = (
  { option, label: text, index }: At,
  {
    input,
    range,
    types,
  }: { readonly input: RuleInput; readonly range: Range | undefined; readonly types: readonly string[] },
): readonly Observation<'malformed' | 'label'>[] => {
  const where = { pointer: pointer('mounts', `${index}`, 'options'), actual: `${option}=${text}` }
  const expected = `a type of ${types.join(', ')} and the level of the process`
  const label = knownLabel(text, input.facts)
  if (!label.ok || input.facts.contexts[text] === null) return [{ message: 'malformed', ...where, expected }]
  const own = label.value.range
  const isOwn = own === undefined || range === undefined ? own === range : sameRange(own, range)
  return isOwn && types.includes(label.value.type) ? [] : [{ message: 'label', ...where, expected }]
}
