/** Keeps containers in the cgroup their engine gives them, under their own name. */
import { cgroupPlace, isHostCgroup } from '../../core/cgroup-path.ts'
import { shownPath } from '../../core/host-paths.ts'
import type { Identity } from '../../core/identity.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { cgroupBad, cgroupGood } from '../support/cgroup-parent-examples.ts'

export const cgroupParent = defineRule({
  id: 'cgroup-parent',
  title: 'Ensure that cgroup usage is confirmed',
  severity: 'medium',
  category: 'resources',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.24' },
    { benchmark: 'cis-docker-1.7.0', item: '5.25' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#cgroups-path' },
    { url: 'https://github.com/opencontainers/runc/blob/main/docs/systemd.md' },
  ],
  rationale:
    'Limits of a parent cgroup hold for all below it. A container that chooses its parent leaves the share it was meant to have, takes that of others, or of the services of the host.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    parents: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Further parents, as slices or paths with `*` for any run of characters: the cgroup-parent of daemon.json, or kubepods*.slice where Docker serves Kubernetes.',
      default: [],
    },
  },
  messages: {
    parent: {
      what: 'the container would be put below {actual}, which is not the place of its engine',
      why: 'There it is counted and limited with others, or not at all.',
      remedy: {
        docker: 'leave out --cgroup-parent',
        podman: 'leave out --cgroup-parent',
        kubernetes: 'leave the cgroup parent to kubelet (cgroupRoot)',
        ctr: 'leave out --cgroup',
        default: 'put linux.cgroupsPath below one of {expected}',
      },
    },
    name: {
      what: 'the cgroup of the container, {actual}, is not named after it',
      why: 'It may be that of another container, whose limits and signals it would share.',
      remedy: { ctr: 'leave out --cgroup', default: 'end linux.cgroupsPath with the id of the container' },
    },
    missing: {
      what: 'the container would get a cgroup of no known place ({actual})',
      why: 'It is then counted with whoever called the runtime.',
      remedy: { default: 'set linux.cgroupsPath' },
    },
    annotation: {
      what: 'the annotation {actual} puts the container into a slice of its own choice',
      why: 'systemd applies it to the unit of the container, whatever linux.cgroupsPath says.',
      remedy: { default: 'remove the annotation' },
    },
    exec: {
      what: 'the command would join the cgroup {actual} outside of its container',
      why: 'The limits of the container would not hold for it.',
      remedy: { default: 'leave out --cgroup' },
    },
  },
  check: (input, { parents }) => {
    if (input.operation === 'exec') return judgeExec(input)
    return [...judgePath(input, parents), ...judgeAnnotation(input)]
  },
  fix: (observations) =>
    // The engine goes on looking for the cgroup it asked for: another path would cost it its figures.
    observations
      .filter(({ message }) => message === 'annotation')
      .map(({ pointer: path }): PatchOperation => ({ op: 'remove', path })),
  examples: { good: cgroupGood, bad: cgroupBad },
})

type Seen = readonly Observation<'parent' | 'name' | 'missing' | 'annotation' | 'exec'>[]

const at = '/linux/cgroupsPath'

const judgePath = ({ config, call, identity, facts }: RuleInput, parents: readonly string[]): Seen => {
  const text = config?.linux?.cgroupsPath ?? ''
  const { proven, engine, containerId, buildStep } = identity
  if (text === '') {
    // Podman leaves it out for builds and for --cgroups=disabled; the runtime then puts it below its caller.
    if (!proven || engine === 'podman' || buildStep) return []
    return [
      {
        message: 'missing',
        pointer: at,
        actual: 'cgroupsPath is unset',
        expected: 'the place of its engine',
      },
    ]
  }
  const { parent, name, climbs } = cgroupPlace(text, call.systemdCgroup)
  const expected = [...(proven ? engineParents(identity) : everyParent), ...parents]
  const isOwn = name === containerId || name.endsWith(`-${containerId}`)
  // CRI without kubelet: no parent was asked for, and none written.
  const isBare = proven ? isOwn && isCri(identity) : !facts.onHost && bareName.test(text)
  if (isBare && text === name) return []
  const allowed =
    expected.some((each) => matchesGlob(each, parent)) ||
    (proven && parents.some((each) => matchesGlob(each, aboveOwn(parent, identity)))) ||
    (isSplit(parent, name) && !climbs)
  if (climbs || !allowed || (isHostCgroup(parent) && !parents.includes(parent))) {
    const actual = climbs ? `${shownPath(text)} (${shownPath(parent)})` : shownPath(parent)
    return [{ message: 'parent', pointer: at, actual, expected: expected.join(', ') }]
  }
  if (!proven || isOwn) return []
  return [{ message: 'name', pointer: at, actual: shownPath(text), expected: shownPath(containerId) }]
}

// Away from the host no engine can be proven; a bundle is judged as if the engine that wrote it called.
const bareName = /^(?:crio-)?[0-9a-f]{64}$/

const isCri = ({ engine, speaker }: Identity): boolean =>
  engine === 'crio' || (engine === 'containerd' && speaker === 'kubernetes')

/** `podman run --cgroups=split`, which Quadlet uses: below the service that systemd started. */
const isSplit = (parent: string, name: string): boolean =>
  name.startsWith('libpod-payload-') &&
  /^\/(?:system|user|machine)\.slice\/.*\.(?:service|scope)$/.test(parent)

/** What a site's parent is named by: without the level an engine itself puts below it, for build steps or a pod. */
const aboveOwn = (parent: string, { engine }: Identity): string => {
  if (engine === 'buildkit') return parent.replace(/\/buildkit$/, '')
  if (engine !== 'podman') return parent
  return parent.replace(/\/[0-9a-f]{64}$/, '').replace(/-libpod_pod_[0-9a-f]{64}\.slice$/, '.slice')
}

const services = ['system.slice', 'user.slice'] as const
const pods = ['/kubepods*', 'kubepods*.slice', '/kubelet/kubepods*', 'kubelet-kubepods*.slice'] as const

/** Parents each engine uses by itself: path of the cgroupfs driver, slices of the systemd driver. */
const parentsOf = {
  docker: ['/docker', ...services],
  buildkit: ['/docker/buildkit', '/buildkit', '/default/buildkit', ...services],
  crio: [...pods, '/crio', 'system.slice'],
  podman: [
    '/libpod_parent',
    '/libpod_parent/*',
    'machine.slice',
    'user.slice',
    'machine-libpod_pod_*.slice',
    'user-libpod_pod_*.slice',
  ],
  containerd: [...pods, '/k8s.io'],
  none: services,
} as const

const engineParents = (identity: Identity): readonly string[] => {
  if (identity.engine !== 'containerd' || isCri(identity)) return parentsOf[identity.engine]
  return [`/${identity.namespace ?? 'default'}`, ...services]
}

/** Away from a proven engine: what any of them would use. */
const everyParent: readonly string[] = ['/default', ...new Set(Object.values(parentsOf).flat())]

const judgeAnnotation = ({ config }: RuleInput): Seen => {
  const key = 'org.systemd.property.Slice'
  const { annotations } = config ?? {}
  if (annotations === undefined || !Object.hasOwn(annotations, key)) return []
  return [{ message: 'annotation', pointer: pointer('annotations', key), actual: key, expected: 'absent' }]
}

/** Paths of `exec --cgroup` begin at the container's own cgroup, `controller,…:` in front of them or not. */
const judgeExec = ({ call }: RuleInput): Seen =>
  call.cgroups
    .filter((text) =>
      text
        .slice(text.indexOf(':') + 1)
        .split('/')
        .includes('..'),
    )
    .map((text) => ({
      message: 'exec',
      pointer: '',
      actual: shownPath(text),
      expected: 'within its container',
    }))
