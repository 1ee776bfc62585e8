/** Allows hooks that the site knows: programs the runtime starts on the host, as root. */

import type { OwnershipFact } from '../../core/facts.ts'
import { isAllowedHook, isInterpreter, isLoaderVariable } from '../../core/hook-allowance.ts'
import { factOf, shownPath } from '../../core/host-paths.ts'
import { hostRootProbes, reachesHostRoot } from '../../core/host-root.ts'
import type { Hook } from '../../core/oci.ts'
import { pointer } from '../../core/patch.ts'
import { isWithin } from '../../core/path.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { hooksBad, hooksGood } from '../support/hook-examples.ts'

const withoutHook = {
  podman: 'remove its file from the hooks directories (containers.conf, hooks_dir)',
  kubernetes: 'remove what adds it on the node: a CDI specification, an NRI plug-in, a file in hooks_dir',
  default: 'remove it from hooks, or name the program in the allow parameter of this rule',
} as const

export const hooks = defineRule({
  id: 'hooks',
  title: 'Ensure that the runtime starts only known hooks',
  severity: 'critical',
  category: 'integrity',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-hooks' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2025-23266' },
  ],
  rationale:
    'A hook is a program that the runtime starts outside of the container as root. Whoever can name one, change its file, or choose what its loader loads is root of the host.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        "Programs that may be hooks, by base name or by path (`*` stands for any characters), with the arguments they must begin with. The file and its folders must be root's in any case, and interpreters are never allowed.",
      default: [
        'nvidia-container-runtime-hook',
        'nvidia-container-toolkit',
        'nvidia-ctk hook',
        'nvidia-cdi-hook',
        'nerdctl internal oci-hook',
        'oci-systemd-hook',
        'oci-umount',
        'oci-seccomp-bpf-hook',
        '/usr/libexec/oci/hooks.d/*',
        '/usr/local/libexec/oci/hooks.d/*',
        '/usr/share/containers/oci/hooks.d/*',
      ],
    },
  },
  messages: {
    unlisted: {
      what: 'a hook that the policy does not name would run on the host: {actual}',
      why: 'It runs as root, outside of the container.',
      remedy: withoutHook,
    },
    interpreter: {
      what: 'a hook would run whatever its arguments say: {actual}',
      why: 'A shell as a hook is any program as a hook.',
      remedy: {
        default: 'give the hook a program of its own, owned by root, and name that in the allow parameter',
      },
    },
    environment: {
      what: 'a hook would be started with {actual}',
      why: 'The variable makes it load code that nobody has checked, as root.',
      remedy: { default: 'remove that variable from the env of the hook' },
    },
    writable: {
      what: 'others than root can change the hook {actual}',
      why: 'Whoever changes the file, or a folder above it, runs as root at the next start.',
      remedy: { default: 'chown root and chmod go-w the file and every folder above it' },
    },
    unchecked: {
      what: 'who can change the hook {actual} could not be looked up',
      why: 'A known name says nothing of the file behind it.',
      remedy: { default: "check that the file is there and root's, with every folder above it" },
    },
  },
  probes: (input, { allow }) => {
    const asked = hostHooks(input).filter(
      ({ hook }) => isAllowedHook(hook, allow) || (isSetKey(hook) && !isOfDocker(hook, input)),
    )
    const paths = new Set(asked.map(({ hook }) => hook.path))
    if (paths.size === 0) return []
    const owned = new Set([...paths].flatMap(lineOf))
    return [
      ...hostRootProbes(input),
      ...[...paths].map((path) => ({ path })),
      ...[...owned].map((path) => ({ path, kind: 'ownership' as const })),
    ]
  },
  check: (input, { allow }) => hostHooks(input).flatMap((one) => judge(one, input, allow)),
  examples: { good: hooksGood, bad: hooksBad },
})

type Found = Observation<'unlisted' | 'interpreter' | 'environment' | 'writable' | 'unchecked'>

interface HostHook {
  readonly hook: Hook
  readonly at: string
}

// startContainer runs in the container, with the rights of its process and a path of its own: no more than that has.
const stages = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const

const hostHooks = ({ config }: RuleInput): readonly HostHook[] => {
  const all = config?.hooks
  if (all === undefined) return []
  return stages.flatMap((stage) =>
    (all[stage] ?? []).map((hook, index) => ({ hook, at: pointer('hooks', stage, index) })),
  )
}

const judge = ({ hook, at }: HostHook, input: RuleInput, allow: readonly string[]): readonly Found[] => {
  const words = [hook.path, ...(hook.args ?? []).slice(1, 4)].map(shownPath).join(' ')
  const loaders = (hook.env ?? []).filter(isLoaderVariable)
  const found: Found[] = loaders.map((variable) => ({
    message: 'environment',
    pointer: at,
    actual: `${shownPath(variable)} (${shownPath(hook.path)})`,
    expected: 'not set',
  }))
  const expected = 'a known program of root'
  if (isInterpreter(hook.path))
    return [...found, { message: 'interpreter', pointer: at, actual: words, expected }]
  if (isOfDocker(hook, input)) return found
  if (!isAllowedHook(hook, allow) && (input.facts.onHost || !isSetKey(hook)))
    return [...found, { message: 'unlisted', pointer: at, actual: words, expected }]
  return [...found, ...judgeFile(hook.path, at, input)]
}

/**
 * The network hook of dockerd up to 27 and of its BuildKit: dockerd itself, which args[0] tells what to do (moby
 * libnetwork setKey). Nobody who asks Docker for a container can name a hook; for a caller that is not proven the
 * process must be one of the host's own dockerd.
 */
const isOfDocker = (hook: Hook, { identity, facts }: RuleInput): boolean => {
  if (!isSetKey(hook)) return false
  if (identity.proven && (identity.engine === 'docker' || identity.engine === 'buildkit')) return true
  const real = facts.paths[hook.path]?.real ?? ''
  const isDockerd = real.endsWith('/dockerd') && trusted.some((folder) => isWithin(real, folder))
  return isDockerd && isRoots(facts.ownership[hook.path])
}

const isSetKey = ({ path, args = [] }: Hook): boolean =>
  /^\/proc\/[0-9]+\/exe$/.test(path) && args[0] === 'libnetwork-setkey'

const isRoots = (owner: OwnershipFact | undefined): boolean =>
  owner !== undefined && owner.uid === 0 && (owner.mode & 0o022) === 0

/** The file and the folders above it, as the path has them. */
const lineOf = (path: string): readonly string[] => {
  const line = [path]
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    line.push(path.slice(0, end))
  return [...line, '/']
}

const judgeFile = (path: string, at: string, input: RuleInput): readonly Found[] => {
  const { facts } = input
  const expected = "root's alone to change"
  const unchecked = (why: string, known: boolean): readonly Found[] => [
    {
      message: 'unchecked',
      pointer: at,
      actual: `${shownPath(path)} (${why})`,
      expected,
      ...(known ? {} : { unknown: true as const }),
    },
  ]
  if (!facts.onHost) return unchecked('no host to look at', false)
  // Where the caller is not the host's root, nor is the hook.
  if (!reachesHostRoot(input)) return []
  if (facts.ownership[path] === undefined) return unchecked('no such file', true)
  const open = lineOf(path).find((part) => !isRoots(facts.ownership[part]))
  if (open !== undefined) {
    const which = open === path ? '' : ` (by the folder ${shownPath(open)})`
    return [{ message: 'writable', pointer: at, actual: `${shownPath(path)}${which}`, expected }]
  }
  const { real } = factOf(facts, path)
  const known = trusted.some((folder) => isWithin(real, folder)) || real === path
  return known ? [] : unchecked(`a link to ${shownPath(real)}`, true)
}

// Where links of programs usually lead; the folders above the target of any other were not looked at.
const trusted = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/opt', '/etc/alternatives'] as const
