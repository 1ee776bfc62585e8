/** Finds annotations that claim another engine than the one that calls, and callers that are not what they seem. */
import { userSources } from '../../core/engine-files.ts'
import { shownPath } from '../../core/host-paths.ts'
import type { Identity } from '../../core/identity.ts'
import { pointer } from '../../core/patch.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { forgedBad, forgedGood } from '../support/forged-annotation-examples.ts'

const withoutAnnotation = {
  docker: 'leave out that --annotation',
  podman: 'leave out that --annotation',
  kubernetes: 'remove that annotation from the pod',
  ctr: 'leave out that --annotation or --label',
  default: 'remove the annotation',
} as const

export const forgedAnnotations = defineRule({
  id: 'forged-annotations',
  title: 'Ensure that a container does not pose as one of another engine, or as a sandbox',
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://github.com/containerd/containerd/blob/main/internal/cri/annotations/annotations.go' },
    { url: 'https://github.com/cri-o/cri-o/blob/main/pkg/annotations/annotations.go' },
    { url: 'https://github.com/containers/podman/blob/main/libpod/define/annotations.go' },
  ],
  rationale:
    "Monitors, admission tools and runtimes take an engine's annotations for the engine's word; users may write them too. A container that carries those of an engine which did not make it, or says it is the sandbox of a pod, wants to be taken for what it is not.",
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description: 'Annotations that any engine may carry; `*` stands for any characters.',
      default: [],
    },
  },
  messages: {
    foreign: {
      what: 'the container carries annotations of another engine: {actual}',
      why: 'Whoever reads them takes it for a container of that engine.',
      remedy: withoutAnnotation,
    },
    sandbox: {
      what: 'the container says it is the sandbox of a pod, and {actual}',
      why: 'Sandboxes are excused from rules; only the engine may make them.',
      remedy: withoutAnnotation,
    },
    caller: {
      what: 'the caller seems to be {actual}, but bundle or root folder are not where that engine has them',
      why: 'Either somebody plays the engine, or it is set up in a way in which its containers cannot be told.',
      remedy: { default: 'let the engine call the runtime with the folders it has by default' },
    },
  },
  check: (input, { allow }) => {
    const { identity } = input
    if (identity.engine === 'none') return []
    if (!identity.proven) {
      const actual = `${identity.engine} (${shownPath(identity.caller)})`
      return [{ message: 'caller', pointer: '', actual, expected: 'a caller that is proven' }]
    }
    return [...judgeClaims(input), ...judgeKeys(input, allow)]
  },
  examples: { good: forgedGood, bad: forgedBad },
})

type Found = Observation<'foreign' | 'sandbox' | 'caller'>

/** Whose annotations a proven caller writes. */
type Family = 'cri' | 'crio' | 'podman' | 'nerdctl' | 'none'

const familyOf = ({ engine, speaker }: Identity): Family => {
  if (engine === 'containerd') return speaker === 'kubernetes' ? 'cri' : 'nerdctl'
  return engine === 'crio' || engine === 'podman' ? engine : 'none'
}

const sandboxKeys = ['io.kubernetes.cri.container-type', 'io.kubernetes.cri-o.ContainerType'] as const

// libpod keeps these four from the time CRI-O was part of it.
const ofPodmanToo = ['ContainerType', 'Created', 'SandboxID', 'TTY'] as const

/** Whether an annotation is one that this caller, or who writes pods for it, may carry. */
const belongs = (key: string, value: string, family: Family): boolean => {
  const inPod = family === 'cri' || family === 'crio'
  if (key.startsWith('io.kubernetes.cri.')) return family === 'cri'
  if (key.startsWith('io.kubernetes.cri-o.')) {
    const name = key.slice('io.kubernetes.cri-o.'.length)
    return family === 'crio' || (family === 'podman' && ofPodmanToo.some((known) => known === name))
  }
  // `podman generate kube` writes its annotations into the pods it makes.
  if (key.startsWith('io.podman.')) return family === 'podman' || inPod
  if (key.startsWith('nerdctl/')) return family === 'nerdctl'
  if (key === 'io.container.manager') {
    return (family === 'podman' && value === 'libpod') || (family === 'crio' && value === 'cri-o')
  }
  return true
}

const judgeKeys = ({ config, identity }: RuleInput, allow: readonly string[]): readonly Found[] => {
  const family = familyOf(identity)
  const foreign = Object.entries(config?.annotations ?? {}).flatMap(([key, value]) =>
    belongs(key, value, family) || isClaim(key, value) || allow.some((pattern) => matchesGlob(pattern, key))
      ? []
      : [key],
  )
  const [first] = foreign
  if (first === undefined) return []
  const more = foreign.length - 3
  const names = foreign.slice(0, 3).map(shownPath).join(', ') + (more > 0 ? `, +${more} more` : '')
  const actual = `${names} (called by ${identity.engine})`
  return [{ message: 'foreign', pointer: pointer('annotations', first), actual, expected: 'not set' }]
}

const isClaim = (key: string, value: string): boolean =>
  value === 'sandbox' && sandboxKeys.some((known) => known === key)

const judgeClaims = (input: RuleInput): readonly Found[] => {
  const { config, identity } = input
  const annotations = config?.annotations ?? {}
  const key = sandboxKeys.find((known) => annotations[known] === 'sandbox')
  const found = (actual: string): readonly Found[] => [
    {
      message: 'sandbox',
      pointer: pointer('annotations', key ?? ''),
      actual,
      expected: 'a sandbox of the engine',
    },
  ]
  if (!identity.sandbox) return key === undefined ? [] : found(`${identity.engine} did not make it one`)
  // What every engine gives a pause container: nothing to write to, nothing of the host.
  if (config?.root?.readonly !== true) return found('its root file system is writable')
  const mounted = userSources(input).find(({ destination }) => destination !== '/dev/shm')
  return mounted === undefined ? [] : found(`it has ${shownPath(mounted.path)} mounted`)
}
