/** Requires that the CPU priority of a container is set: its weight, or a quota. */
import { resourcesPointer } from '../../core/limits.ts'
import type { CpuResources, Resources } from '../../core/oci.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { defineRule } from '../../core/rule.ts'
import { cpuBad, cpuGood } from '../support/cpu-shares-examples.ts'

export const cpuShares = defineRule({
  id: 'cpu-shares',
  title: 'Ensure that CPU priority is set appropriately on containers',
  severity: 'low',
  category: 'resources',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.11' },
    { benchmark: 'cis-docker-1.7.0', item: '5.12' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002020' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#cpu' },
    { url: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files' },
  ],
  rationale:
    'Containers that nobody gave a priority share the processors evenly: one that computes without end takes as much as the one that serves. 1024 shares, or a weight of 100, is what the kernel gives anyway, so it counts as not set.',
  appliesTo: ['create', 'run', 'restore', 'update'],
  parameters: {
    default: {
      type: 'integer',
      minimum: 2,
      maximum: 262144,
      description:
        'The shares the fix sets. Half of what the services of the host have; among containers it changes nothing, since all without a priority of their own get the same.',
      default: 512,
    },
    'accept-quota': {
      type: 'boolean',
      description: 'Whether a CPU quota counts as a priority, as in docker-bench-security.',
      default: true,
    },
    'accept-cpuset': {
      type: 'boolean',
      description:
        'Whether a list of processors counts as a priority; such a list may name every one there is.',
      default: false,
    },
  },
  messages: {
    unset: {
      what: 'the CPU priority of the container is not set ({actual})',
      why: 'When the processors are busy it takes as much as the most important one.',
      remedy: {
        docker: 'add --cpu-shares, other than 1024, or --cpus',
        podman: 'add --cpu-shares, other than 1024, or --cpus',
        kubernetes: 'set resources.requests.cpu or resources.limits.cpu',
        ctr: 'add --cpu-shares, other than 1024, or --cpus',
        default: 'set linux.resources.cpu.shares, other than 1024, or a quota',
      },
    },
  },
  check: (input, { 'accept-quota': acceptsQuota, 'accept-cpuset': acceptsCpuset }) => {
    const { identity, operation, resources, config } = input
    if (identity.sandbox) return []
    const updates = operation === 'update'
    // What an update does not name stays as it was admitted.
    if (updates && !namesPriority(resources)) return []
    const all = updates ? merged(config?.linux?.resources, resources) : resources
    const isSet =
      hasWeight(all) ||
      (acceptsQuota && hasQuota(all)) ||
      (acceptsCpuset && ((all?.unified?.['cpuset.cpus'] ?? all?.cpu?.cpus) || '') !== '')
    if (isSet) return []
    const actual = written(all)
    return [
      { message: 'unset', pointer: resourcesPointer(input, '/cpu'), actual, expected: 'shares or a quota' },
    ]
  },
  fix: (_, { operation, config, resources }, parameters) => {
    // Whoever changes a priority means it: an answer is better than another number.
    if (operation === 'update') return []
    // Written after the typed field, these would undo it.
    const files = weightFiles.filter((file) => resources?.unified?.[file] !== undefined)
    return [
      place(config, '/linux/resources/cpu/shares', parameters.default),
      ...files.map(
        (file): PatchOperation => ({ op: 'remove', path: pointer('linux', 'resources', 'unified', file) }),
      ),
    ]
  },
  examples: { good: cpuGood, bad: cpuBad },
})

const weightFiles = ['cpu.weight', 'cpu.weight.nice'] as const

/** Zero in a typed field means not set, and so, in an update, not changed. */
const merged = (before: Resources | undefined, asked: Resources | undefined): Resources => ({
  cpu: {
    shares: asked?.cpu?.shares || (before?.cpu?.shares ?? 0),
    quota: asked?.cpu?.quota || (before?.cpu?.quota ?? 0),
    cpus: asked?.cpu?.cpus || (before?.cpu?.cpus ?? ''),
    idle: asked?.cpu?.idle ?? before?.cpu?.idle ?? 0,
  },
  unified: { ...before?.unified, ...asked?.unified },
})

const namesPriority = (resources: Resources | undefined): boolean => {
  const { shares = 0, quota = 0 }: CpuResources = resources?.cpu ?? {}
  const files = ['cpu.max', 'cpu.idle', ...weightFiles]
  return shares !== 0 || quota !== 0 || files.some((file) => resources?.unified?.[file] !== undefined)
}

/** An idle container gets what nobody else wants, which is a priority. The unified files are written last. */
const hasWeight = (resources: Resources | undefined): boolean => {
  const weight = resources?.unified?.['cpu.weight']
  const nice = resources?.unified?.['cpu.weight.nice']
  if ((resources?.unified?.['cpu.idle']?.trim() ?? String(resources?.cpu?.idle ?? 0)) === '1') return true
  if (weight === undefined && nice === undefined) {
    const shares = resources?.cpu?.shares ?? 0
    return shares > 0 && shares !== 1024
  }
  return (weight !== undefined && Number(weight) !== 100) || (nice !== undefined && Number(nice) !== 0)
}

const hasQuota = (resources: Resources | undefined): boolean => {
  const file = resources?.unified?.['cpu.max']
  if (file !== undefined) return !file.trim().startsWith('max')
  return (resources?.cpu?.quota ?? 0) > 0
}

const written = (resources: Resources | undefined): string => {
  const { shares, quota } = resources?.cpu ?? {}
  const files = ['cpu.weight', 'cpu.max'].flatMap((file) => {
    const text = resources?.unified?.[file]
    return text === undefined ? [] : [`${file} ${text}`]
  })
  const typed = [shares ? `shares ${shares}` : '', quota ? `quota ${quota}` : '']
  return [...typed, ...files].filter((each) => each !== '').join(', ') || 'nothing'
}
