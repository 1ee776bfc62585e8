/** Restores only checkpoints nobody but root could have written, under the confinement the configuration names. */
import { shownPath } from '../../core/host-paths.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { restoreCheckpointBad, restoreCheckpointGood } from '../support/restore-checkpoint-examples.ts'

export const restoreCheckpoint = defineRule({
  id: 'restore-checkpoint',
  title: 'Ensure that only trusted checkpoints are restored',
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://github.com/opencontainers/runc/blob/main/man/runc-restore.8.md' },
    { url: 'https://github.com/checkpoint-restore/criu/blob/criu-dev/Documentation/criu.txt' },
  ],
  rationale:
    'A restored process has the capabilities, users, system call filter, memory and open files of its checkpoint; the configuration beside it does not count. None of that can be judged here: only where the checkpoint lies, and who could have written it. Engines also unpack what a person gives them, so a folder of an engine is not trusted by itself.',
  appliesTo: ['restore'],
  parameters: {
    'trusted-checkpoints': {
      type: 'array',
      items: { type: 'string' },
      description:
        'Folders of the host below which only checkpoints of this site lie, without links; none: nothing may be restored.',
      default: [],
    },
  },
  messages: {
    untrusted: {
      what: 'the checkpoint {actual} does not lie in a trusted folder, and its credentials and filter cannot be seen',
      why: 'A checkpoint can hold every capability and no filter, whatever the configuration says.',
      remedy: {
        docker: 'start the container anew, without --checkpoint',
        podman: 'start the container anew instead of restoring it',
        default: 'create the container anew, or restore from a folder named in trusted-checkpoints',
      },
    },
    writable: {
      what: 'others than root could have written the checkpoint: {actual}',
      why: 'Whoever writes a checkpoint chooses the capabilities and the memory of what is restored.',
      remedy: { default: 'give the checkpoint and every folder above it to root, writable by nobody else' },
    },
    unseen: {
      what: 'who could have written the checkpoint is not known: {actual}',
      why: 'Away from the host neither owners nor permissions can be seen.',
      remedy: { default: 'judge the restore on its host' },
    },
    confinement: {
      what: 'the container would be restored with {actual} instead of {expected}',
      why: 'Another profile or label is another set of what the kernel allows.',
      remedy: { default: "leave out --lsm-profile and --lsm-mount-context, or name the configuration's" },
    },
    namespaces: {
      what: 'the container would be restored with an empty namespace of kind {actual}',
      why: 'What the configuration says of that namespace would not be restored with it.',
      remedy: { default: 'leave out --empty-ns, but for network' },
    },
  },
  probes: ({ call }) => [
    ...(call.checkpoint === '' ? [] : [{ path: call.checkpoint }]),
    ...foldersTo(call.checkpoint).map((path) => ({ path, kind: 'ownership' }) as const),
  ],
  check: (input, { 'trusted-checkpoints': trusted }) => [
    ...judgeFolder(input, trusted),
    ...judgeConfinement(input),
    ...judgeNamespaces(input),
  ],
  examples: { good: restoreCheckpointGood, bad: restoreCheckpointBad },
})

type Key = 'untrusted' | 'writable' | 'unseen' | 'confinement' | 'namespaces'
type Seen = readonly Observation<Key>[]

/** The checkpoint's folder and every folder above it. */
const foldersTo = (checkpoint: string): readonly string[] => {
  const path = cleanPath(checkpoint)
  const folders: string[] = []
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end))
  return checkpoint === '' ? [] : [...folders, '/']
}

const judgeFolder = ({ call, facts }: RuleInput, trusted: readonly string[]): Seen => {
  const path = cleanPath(call.checkpoint)
  const real = facts.paths[call.checkpoint]?.real ?? path
  const at = { pointer: '', expected: trusted.join(', ') || 'a trusted folder' }
  const lies = trusted.some((folder) => [path, real].every((each) => isWithin(each, cleanPath(folder))))
  if (call.checkpoint === '' || !lies) {
    const link = real === path ? '' : ` (is ${shownPath(real)})`
    const actual =
      call.checkpoint === '' ? 'of the folder the runtime takes by itself' : shownPath(path) + link
    return [{ message: 'untrusted', ...at, actual }]
  }
  if (!facts.onHost)
    return [{ message: 'unseen', ...at, actual: 'the host was not looked at', unknown: true }]
  // Who can change a link, or a folder above where it leads, is not among the facts.
  if (real !== path)
    return [{ message: 'writable', ...at, actual: `${shownPath(path)} is reached by a link` }]
  const problem = foldersTo(path)
    .map((folder) => ownershipProblem(folder, { folder: path, facts }))
    .find((each) => each !== undefined)
  return problem === undefined ? [] : [{ message: 'writable', ...at, actual: problem }]
}

const ownershipProblem = (
  path: string,
  { folder, facts }: { readonly folder: string; readonly facts: RuleInput['facts'] },
): string | undefined => {
  const owned = facts.ownership[path]
  if (owned === undefined) return `${shownPath(path)} cannot be looked at`
  if (owned.uid !== 0) return `${shownPath(path)} belongs to user ${owned.uid}`
  // In a sticky folder nobody can replace what root put there.
  const sticky = path !== folder && (owned.mode & 0o1000) !== 0
  const byGroup = (owned.mode & 0o020) !== 0 && owned.gid !== 0
  const byOthers = (owned.mode & 0o002) !== 0
  return !sticky && (byGroup || byOthers) ? `${shownPath(path)} is writable by others` : undefined
}

/** `--lsm-profile TYPE:NAME` and `--lsm-mount-context CONTEXT` (criu(8)) go before the configuration. */
const judgeConfinement = ({ call, config }: RuleInput): Seen => {
  const { lsmProfile, lsmMountContext } = call
  const { apparmorProfile = '', selinuxLabel = '' } = config?.process ?? {}
  const admitted = lsmProfile.startsWith('selinux:')
    ? `selinux:${selinuxLabel}`
    : `apparmor:${apparmorProfile}`
  const own = admitted.endsWith(':') ? 'none' : admitted
  const mountLabel = config?.linux?.mountLabel ?? ''
  return [
    ...(lsmProfile === '' || lsmProfile === admitted ? [] : [confinement(lsmProfile, own)]),
    ...(lsmMountContext === '' || lsmMountContext === mountLabel
      ? []
      : [confinement(lsmMountContext, mountLabel || 'none')]),
  ]
}

const confinement = (actual: string, expected: string): Observation<'confinement'> => ({
  message: 'confinement',
  pointer: '',
  actual: shownPath(actual),
  expected: shownPath(expected),
})

/** Docker asks for an empty network namespace, and fills it. */
const judgeNamespaces = ({ call }: RuleInput): Seen =>
  call.emptyNamespaces
    .filter((kind) => kind !== 'network')
    .map((kind) => ({ message: 'namespaces', pointer: '', actual: shownPath(kind), expected: 'network' }))
