/** Keeps the host's own folders out of containers: by inode, through links, parents, volumes and devices. */
import { rootSource, userSources } from '../../core/engine-files.ts'
import { guardProbes, judgeOf, type Verdict } from '../../core/guarded-paths.ts'
import { describeHit, shownPath } from '../../core/host-paths.ts'
import { type HostSource, hostSources } from '../../core/mounts.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { guardParameters, listsOf } from '../support/guard-parameters.ts'
import { sensitiveBad, sensitiveGood } from '../support/sensitive-mount-examples.ts'

export const sensitiveHostMounts = defineRule({
  id: 'sensitive-host-mounts',
  title: 'Ensure sensitive host system directories are not mounted on containers',
  severity: 'critical',
  category: 'mounts',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.5' },
    { benchmark: 'cis-docker-1.7.0', item: '5.6' },
    { benchmark: 'pss-baseline', item: 'hostPath' },
    { benchmark: 'stig-docker-enterprise-2', item: 'SV-104737' },
    { url: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath' },
  ],
  rationale:
    'Whoever writes to a folder the host lives by (its programs, configuration, device nodes, engine state) owns the host; some of these hand over its secrets when merely read.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: guardParameters,
  messages: {
    denied: {
      what: 'host path {actual} is mounted',
      why: 'Read-only does not help here: it holds secrets of the host or gives a way to take it over.',
      remedy: {
        docker: 'leave out that -v/--mount, or mount a folder made for this container',
        podman: 'leave out that -v/--mount, or mount a folder made for this container',
        kubernetes: 'replace the hostPath volume by an emptyDir, configMap or persistentVolumeClaim',
        ctr: 'leave out that --mount',
        default: 'remove the mount',
      },
    },
    writable: {
      what: 'host path {actual} is mounted writable',
      why: 'What the container writes there, the host runs or trusts.',
      remedy: {
        docker: 'append :ro to that -v (readonly to --mount), or leave it out',
        podman: 'append :ro to that -v (ro to --mount), or leave it out',
        kubernetes: 'set readOnly: true on that volumeMount, or leave it out',
        ctr: 'put ro among the options of that --mount, or leave it out',
        default: 'add "ro" (mounts below it: "rro") to the options of the mount',
      },
    },
    unresolved: {
      what: 'host path {actual} could not be looked up',
      why: 'A path that nobody can follow may lead to any folder of the host.',
      remedy: { default: 'mount a path that exists, written from /' },
    },
  },
  probes: (input, parameters) => {
    const sources = sourcesOf(input)
    return sources.length === 0 ? [] : guardProbes(sources, listsOf(parameters), input.identity)
  },
  check: (input, parameters) => {
    const sources = sourcesOf(input)
    if (sources.length === 0) return []
    const judge = judgeOf(listsOf(parameters), input)
    return sources.flatMap((source) => observe(source, judge(source), input))
  },
  fix: (observations, input, parameters) => {
    const judge = judgeOf(listsOf(parameters), input)
    return (input.config?.mounts ?? []).flatMap((mount, index): readonly PatchOperation[] => {
      const found = observations.some(
        (one) => one.message === 'writable' && one.pointer === pointer('mounts', index),
      )
      const options = [...(mount.options ?? []), 'ro']
      const clears =
        found && hostSources({ ...mount, options }, index).every((source) => judge(source) === undefined)
      if (!clears) return []
      if (mount.options === undefined)
        return [{ op: 'add', path: pointer('mounts', index, 'options'), value: options }]
      return [{ op: 'add', path: pointer('mounts', index, 'options', '-'), value: 'ro' }]
    })
  },
  examples: { good: sensitiveGood, bad: sensitiveBad },
})

const sourcesOf = (input: RuleInput): readonly HostSource[] => {
  const root = rootSource(input)
  const sources = userSources(input)
  return root === undefined ? sources : [root, ...sources]
}

const observe = (
  source: HostSource,
  verdict: Verdict | undefined,
  { facts }: RuleInput,
): readonly Observation<Verdict['kind']>[] => {
  if (verdict === undefined) return []
  const at = source.index < 0 ? pointer('root', 'path') : pointer('mounts', source.index)
  if (verdict.kind === 'unresolved') {
    const actual = `${shownPath(source.path)} at ${shownPath(source.destination)} (${verdict.error})`
    return [{ message: 'unresolved', pointer: at, actual, expected: 'a path that resolves', unknown: true }]
  }
  const expected = verdict.kind === 'denied' ? 'not mounted' : 'read-only'
  return [{ message: verdict.kind, pointer: at, actual: describeHit(source, verdict.hit, facts), expected }]
}
