/** Requires a limit of the number of processes, by the value the kernel will be told. */
import {
  dropFile,
  dropOverrides,
  isAdmitted,
  limitOf,
  pidsLimitKind,
  resourcesPointer,
  setLimits,
  systemdOverrides,
} from '../../core/limits.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'

export const pidsLimit = defineRule({
  id: 'pids-limit',
  title: 'Ensure that the PIDs cgroup limit is used',
  severity: 'medium',
  category: 'resources',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.28' },
    { benchmark: 'cis-docker-1.7.0', item: '5.29' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#pids' },
    { url: 'https://www.kernel.org/doc/html/latest/admin-guide/cgroup-v2.html#pid' },
  ],
  rationale: 'Without a limit one loop of forks in a container takes every process number the host has.',
  appliesTo: ['create', 'run', 'restore', 'update'],
  parameters: {
    default: { type: 'integer', minimum: 1, description: 'The limit the fix sets.', default: 1024 },
    max: { type: 'integer', minimum: 1, description: 'The largest limit allowed.', default: 32768 },
  },
  messages: {
    unlimited: {
      what: 'the container has no limit of its processes ({actual})',
      why: 'One loop of forks in it stops every other program of the host.',
      remedy: {
        docker: 'add --pids-limit {expected}',
        podman: 'add --pids-limit {expected}',
        kubernetes: 'set podPidsLimit in the configuration of kubelet, and pids_limit of CRI-O',
        default: 'set linux.resources.pids.limit to {expected}',
      },
    },
    excessive: {
      what: 'the limit of processes, {actual}, is above {expected}',
      why: 'So many processes leave too few for the host and the other containers.',
      remedy: {
        docker: 'lower --pids-limit to {expected}',
        podman: 'lower --pids-limit to {expected}',
        default: 'lower linux.resources.pids.limit to {expected}',
      },
    },
    overridden: {
      what: 'the annotation {actual} sets a limit of processes of its own',
      why: 'systemd applies it to the unit of the container, whatever the limit says.',
      remedy: { default: 'remove the annotation and set the limit of processes instead' },
    },
  },
  check: (input, parameters) =>
    input.identity.sandbox ? [] : [...judge(input, parameters), ...systemdOverrides(input, pidsLimitKind)],
  fix: (observations, input, { default: preset, max }) => {
    // Whoever changes a limit means it: an answer is better than another number.
    if (input.operation === 'update') return []
    const has = (key: string): boolean => observations.some(({ message }) => message === key)
    const overrides = dropOverrides(observations)
    if (!has('unlimited') && !has('excessive')) return overrides
    const limit = has('unlimited') ? Math.min(preset, max) : max
    return [...overrides, ...setLimits(input, 'pids', { limit }), ...dropFile(input, pidsLimitKind)]
  },
  examples: {
    good: [
      { name: 'a limit', resources: { pids: { limit: 100 } } },
      { name: 'a limit in the unified file', resources: { pids: null, unified: { 'pids.max': '100' } } },
      { name: 'a sandbox', resources: { pids: null }, identity: { sandbox: true, proven: true } },
      { name: 'an update of something else', operation: 'update', resources: { memory: { limit: 0 } } },
      { name: 'an update with a zero', operation: 'update', resources: { pids: { limit: 0 } } },
      { name: 'an update to another limit', operation: 'update', resources: { pids: { limit: 77 } } },
      {
        name: 'an update that repeats, or lowers, what was admitted by exemption',
        operation: 'update',
        config: { linux: { resources: { pids: { limit: 100000 } } } },
        resources: { pids: { limit: 99999 } },
      },
    ],
    bad: [
      { name: 'no pids block', resources: { pids: null }, message: 'unlimited' },
      {
        name: 'zero, which runtimes read in two ways',
        resources: { pids: { limit: 0 } },
        message: 'unlimited',
      },
      { name: 'minus one', resources: { pids: { limit: -1 } }, message: 'unlimited' },
      {
        name: 'undone by the unified file',
        resources: { unified: { 'pids.max': 'max' } },
        message: 'unlimited',
      },
      { name: 'above the maximum', resources: { pids: { limit: 100000 } }, message: 'excessive' },
      {
        name: 'a maximum below the default',
        resources: { pids: null },
        parameters: { max: 64 },
        message: 'unlimited',
      },
      {
        name: 'above the maximum by the unified file',
        resources: { unified: { 'pids.max': '100000' } },
        message: 'excessive',
      },
      {
        name: 'a systemd property',
        config: { annotations: { 'org.systemd.property.TasksMax': "'infinity'" } },
        message: 'overridden',
      },
      {
        name: 'lifted',
        operation: 'update',
        resources: { pids: { limit: -1 } },
        message: 'unlimited',
        fixable: false,
      },
      {
        name: 'lifted by the unified file',
        operation: 'update',
        resources: { unified: { 'pids.max': 'max' } },
        message: 'unlimited',
        fixable: false,
      },
    ],
  },
})

const judge = (
  input: RuleInput,
  { default: preset, max }: { readonly default: number; readonly max: number },
): readonly Observation<'unlimited' | 'excessive'>[] => {
  const limit = limitOf(input.resources, pidsLimitKind)
  // What an update does not name stays as it was admitted.
  if (limit === undefined && input.operation === 'update') return []
  if (limit !== undefined && isAdmitted(limit, pidsLimitKind, input)) return []
  const at = resourcesPointer(input, limit?.at ?? pidsLimitKind.field)
  if (limit === undefined || limit.value === Number.POSITIVE_INFINITY) {
    const actual = limit?.written ?? input.resources?.pids?.limit?.toString() ?? 'unset'
    return [{ message: 'unlimited', pointer: at, actual, expected: String(preset) }]
  }
  return limit.value > max
    ? [{ message: 'excessive', pointer: at, actual: limit.written, expected: String(max) }]
    : []
}
