/** Requires a memory limit below what the host has, by the value the kernel will be told. */
import {
  dropFile,
  dropOverrides,
  isAdmitted,
  limitOf,
  memoryLimitKind,
  resourcesPointer,
  setLimits,
  swapLimitKind,
  systemdOverrides,
} from '../../core/limits.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { formatSize, parseSize } from '../../core/size.ts'
import { memoryBad, memoryGood } from '../support/memory-limit-examples.ts'

export const memoryLimit = defineRule({
  id: 'memory-limit',
  title: 'Ensure that the memory usage for containers is limited',
  severity: 'medium',
  category: 'resources',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.10' },
    { benchmark: 'cis-docker-1.7.0', item: '5.11' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002010' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#memory' },
  ],
  rationale:
    'A container without a limit takes all memory of the host; the kernel then kills processes of its neighbours or of the host.',
  appliesTo: ['create', 'run', 'restore', 'update'],
  parameters: {
    default: { type: 'string', format: 'size', description: 'The limit the fix sets.', default: '512MiB' },
    max: {
      type: 'string',
      description: 'The largest limit allowed; empty: any below the memory of the host.',
      default: '',
    },
    'require-swap-limit': {
      type: 'boolean',
      description: 'Whether swap must be limited too.',
      default: false,
    },
  },
  messages: {
    unlimited: {
      what: 'the container has no memory limit ({actual})',
      why: 'It can take all memory of the host, and others are killed for it.',
      remedy: {
        docker: 'add --memory {expected}',
        podman: 'add --memory {expected}',
        kubernetes: 'set resources.limits.memory',
        ctr: 'add --memory-limit, in bytes',
        default: 'set linux.resources.memory.limit, in bytes',
      },
    },
    excessive: {
      what: 'the memory limit {actual} is above {expected}',
      why: 'A limit that large leaves too little for the host and the other containers.',
      remedy: {
        docker: 'lower --memory to {expected}',
        podman: 'lower --memory to {expected}',
        kubernetes: 'lower resources.limits.memory',
        ctr: 'lower --memory-limit',
        default: 'lower linux.resources.memory.limit',
      },
    },
    swap: {
      what: 'the container has no swap limit ({actual})',
      why: 'What it may not hold in memory it writes to the swap space of the host.',
      remedy: {
        docker: 'add --memory-swap, equal to --memory',
        podman: 'add --memory-swap, equal to --memory',
        kubernetes: 'ask for swapBehavior: NoSwap on this node',
        default: 'set linux.resources.memory.swap, in bytes',
      },
    },
    overridden: {
      what: 'the annotation {actual} sets a memory limit of its own',
      why: 'systemd applies it to the unit of the container, whatever the limit says.',
      remedy: { default: 'remove the annotation and set the memory limit instead' },
    },
  },
  check: (input, parameters) => {
    if (input.identity.sandbox) return []
    return [
      ...judge(input, parameters),
      ...(parameters['require-swap-limit'] ? judgeSwap(input) : []),
      ...systemdOverrides(input, memoryLimitKind),
    ]
  },
  fix: (observations, input, parameters) => {
    // Whoever changes a limit means it: an answer is better than another number.
    if (input.operation === 'update') return []
    const has = (key: string): boolean => observations.some(({ message }) => message === key)
    const overrides = dropOverrides(observations)
    if (!has('unlimited') && !has('excessive') && !has('swap')) return overrides
    const preset = sizeOf(parameters.default)
    const wanted = has('unlimited') ? preset : limitOf(input.resources, memoryLimitKind)?.value
    if (preset === undefined || wanted === undefined) return overrides
    const value = Math.min(wanted, sizeOf(parameters.max) ?? wanted)
    return [
      ...overrides,
      // Swap counts memory and swap together: equal to the limit it means none.
      ...setLimits(input, 'memory', { limit: value, swap: value }),
      ...dropFile(input, memoryLimitKind),
      ...(parameters['require-swap-limit'] ? dropFile(input, swapLimitKind) : []),
    ]
  },
  examples: { good: memoryGood, bad: memoryBad },
})

// More than any host has: what stands for "no limit" where the host's memory is not known (2^63 - 4096 and the like).
const beyondAnyHost = 2 ** 50

const sizeOf = (text: string): number | undefined => {
  const size = text === '' ? undefined : parseSize(text)
  return size?.ok === true ? size.value : undefined
}

const judge = (
  input: RuleInput,
  parameters: { readonly default: string; readonly max: string },
): readonly Observation<'unlimited' | 'excessive'>[] => {
  const limit = limitOf(input.resources, memoryLimitKind)
  // What an update does not name stays as it was admitted.
  if (limit === undefined && input.operation === 'update') return []
  if (limit !== undefined && isAdmitted(limit, memoryLimitKind, input)) return []
  const at = resourcesPointer(input, limit?.at ?? memoryLimitKind.field)
  if (limit === undefined || limit.value >= (input.facts.memoryTotal ?? beyondAnyHost)) {
    const actual = limit?.written ?? 'unset'
    return [{ message: 'unlimited', pointer: at, actual, expected: parameters.default }]
  }
  const max = sizeOf(parameters.max)
  if (max === undefined || limit.value <= max) return []
  return [{ message: 'excessive', pointer: at, actual: formatSize(limit.value), expected: parameters.max }]
}

const judgeSwap = (input: RuleInput): readonly Observation<'swap'>[] => {
  const limit = limitOf(input.resources, swapLimitKind)
  if (limit === undefined ? input.operation === 'update' : limit.value < beyondAnyHost) return []
  if (limit !== undefined && isAdmitted(limit, swapLimitKind, input)) return []
  const at = resourcesPointer(input, limit?.at ?? swapLimitKind.field)
  return [{ message: 'swap', pointer: at, actual: limit?.written ?? 'unset', expected: 'the memory limit' }]
}
