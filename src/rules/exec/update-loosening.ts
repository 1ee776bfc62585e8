/** Keeps an update within the resources its container was admitted with. */
import type { Json } from '../../core/json.ts'
import { comparedFiles, loosenedLimits } from '../../core/loosened-limits.ts'
import type { DeviceRule, Resources } from '../../core/oci.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { updateLooseningBad, updateLooseningGood } from '../support/update-loosening-examples.ts'

const recreate = 'create the container again with the limit it needs'

export const updateLoosening = defineRule({
  id: 'update-loosening',
  title: 'Ensure that an update does not lift the limits a container was admitted with',
  severity: 'medium',
  category: 'resources',
  references: [
    { url: 'https://github.com/opencontainers/runc/blob/main/man/runc-update.8.md' },
    { url: 'https://docs.docker.com/reference/cli/docker/container/update/' },
    { url: 'https://www.kernel.org/doc/html/latest/admin-guide/cgroup-v2.html' },
  ],
  rationale:
    'Limits that an update takes away afterwards limit nothing. An update is compared with the configuration the container was admitted with, so lowering a limit and setting it back is no loosening. Limits of block devices, huge pages and RDMA (blockIO, hugepageLimits, rdma) are not compared.',
  appliesTo: ['update'],
  parameters: {
    raise: {
      type: 'string',
      enum: ['deny', 'within-limits'],
      description:
        '`deny`: no limit may become larger. `within-limits`: it may, as far as memory-limit and pids-limit allow, but none may be taken away; for nodes whose kubelet resizes pods or moves them between processors.',
      default: 'deny',
    },
    'unified-allowed': {
      type: 'array',
      items: { type: 'string' },
      description:
        'Files of cgroup v2 that an update may set to anything, such as memory.high; memory.max, memory.swap.max, pids.max, cpu.max and cpuset.* are compared by value.',
      default: [],
    },
  },
  messages: {
    removed: {
      what: 'the update would leave the container with {actual}; it was admitted with {expected}',
      why: 'A limit that is taken away afterwards limits nothing.',
      remedy: {
        docker: 'give docker update a limit, or start the container again',
        podman: 'give podman update a limit, or start the container again',
        kubernetes: 'set the limit in the pod',
        default: `name a limit, or ${recreate}`,
      },
    },
    raised: {
      what: 'the update would raise {actual}; the container was admitted with {expected}',
      why: 'A limit that grows afterwards was never agreed to.',
      remedy: {
        docker: 'start the container again with the limit it needs',
        podman: 'start the container again with the limit it needs',
        kubernetes: 'create the pod again with the limit it needs, or have raise = "within-limits" set',
        default: recreate,
      },
    },
    added: {
      what: 'the update would set {actual}; the container was admitted with {expected}',
      why: 'This gives the container more, or cannot be compared with what it has.',
      remedy: {
        default: 'leave this out of the update; a file of cgroup v2 can be listed in unified-allowed',
      },
    },
    unseen: {
      what: 'what the container was admitted with is not known: {actual}',
      why: 'Only by that can it be seen whether the update loosens a limit.',
      remedy: { default: 'call the runtime with the --root that the container was created with' },
    },
  },
  check: ({ config, resources = {} }, { raise, 'unified-allowed': allowed }) => {
    if (config?.linux === undefined) return Object.keys(resources).length === 0 ? [] : [unseen]
    const admitted = config.linux.resources ?? {}
    const loosened = loosenedLimits(resources, admitted)
    return [
      ...loosened
        .filter(({ how }) => how === 'removed' || raise === 'deny')
        .map(({ how, ...found }): Observation<Key> => ({ message: how, ...found })),
      ...addedFiles(resources, admitted)
        .filter(({ file }) => !allowed.includes(file))
        .map(observed),
      ...[...addedTimes(resources, admitted), ...addedDevices(resources, admitted)].map(observed),
    ]
  },
  fix: (observations, { config, resources, call }) =>
    // What flags describe is no document.
    call.described ? [] : observations.flatMap((found) => restored(found, { config, resources })),
  examples: { good: updateLooseningGood, bad: updateLooseningBad },
})

type Key = 'removed' | 'raised' | 'added' | 'unseen'

const unseen: Observation<'unseen'> = {
  message: 'unseen',
  pointer: '',
  actual: 'the configuration of its bundle was not found',
  expected: 'a bundle',
  unknown: true,
}

interface Added {
  readonly pointer: string
  readonly actual: string
  readonly expected: string
}

const observed = ({ pointer: at, actual, expected }: Added): Observation<'added'> => ({
  message: 'added',
  pointer: at,
  actual,
  expected,
})

const addedFiles = (
  { unified = {} }: Resources,
  admitted: Resources,
): readonly (Added & { readonly file: string })[] =>
  Object.entries(unified).flatMap(([file, text]) => {
    const own = admitted.unified?.[file]
    if (comparedFiles.has(file) || own === text) return []
    return [{ file, pointer: pointer('unified', file), actual: `${file} ${text}`, expected: own ?? 'none' }]
  })

const addedTimes = ({ cpu = {} }: Resources, admitted: Resources): readonly Added[] =>
  (['realtimeRuntime', 'realtimePeriod'] as const).flatMap((member) => {
    const own = admitted.cpu?.[member]
    const value = cpu[member] ?? 0
    if (value === 0 || value === own) return []
    const expected = own === undefined ? 'none' : String(own)
    return [{ pointer: `/cpu/${member}`, actual: `cpu.${member} ${value}`, expected }]
  })

/**
 * runc changes no devices in an update, crun does under cgroup v1. containerd repeats the whole list: the same one,
 * or one that allows nothing, is no demand.
 */
const addedDevices = ({ devices = [] }: Resources, admitted: Resources): readonly Added[] => {
  const allows = devices.some(({ allow }) => allow)
  if (!allows || listText(devices) === listText(admitted.devices ?? [])) return []
  return [{ pointer: '/devices', actual: 'other device rules', expected: 'rules of its own' }]
}

const listText = (devices: readonly DeviceRule[]): string =>
  devices
    .map(({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }) =>
      [allow, type, major, minor, access].join(' '),
    )
    .join()

/** Gives back what the container was admitted with, or takes the member away where that was nothing. */
const restored = (
  { pointer: at }: Observation,
  { config, resources }: Pick<RuleInput, 'config' | 'resources'>,
): readonly PatchOperation[] => {
  const admitted = config?.linux?.resources
  // Both or neither: a quota is worth what its period says.
  const places = at === '/cpu/quota' || at === '/cpu/period' ? ['/cpu/quota', '/cpu/period'] : [at]
  return places.flatMap((path): readonly PatchOperation[] => {
    const own = valueAt(admitted, path)
    if (own !== undefined) return [place(resources, path, own)]
    return valueAt(resources, path) === undefined ? [] : [{ op: 'remove', path }]
  })
}

const valueAt = (resources: Resources | undefined, path: string): Json | undefined => {
  const [, member = '', name = ''] = path.split('/')
  const { cpu, memory, pids, unified, devices } = resources ?? {}
  const members: { readonly [member: string]: object | undefined } = { cpu, memory, pids, unified }
  if (member === 'devices') return devices?.map((rule) => ({ ...rule }))
  const value: unknown = Object.entries(members[member] ?? {}).find(([each]) => each === name)?.[1]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined
}
