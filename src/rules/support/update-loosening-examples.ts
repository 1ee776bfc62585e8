/** Updates within and beyond the resources of the example's container. */
import type { BadExample, Example } from '../../core/rule.ts'

const update = { operation: 'update' } as const
const mebibyte = 2 ** 20
const admitted = {
  devices: [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
  ],
  memory: { limit: 256 * mebibyte, swap: 256 * mebibyte, reservation: 64 * mebibyte },
  pids: { limit: 200 },
  cpu: { shares: 512, quota: 50000, period: 100000, cpus: '0-1', mems: '0' },
  unified: { 'memory.high': '200000000' },
}
const config = { linux: { resources: admitted } }
const within = { parameters: { raise: 'within-limits' } }
const limitless = {
  linux: { resources: { memory: null, pids: null, cpu: null, unified: null, devices: null } },
}

export const updateLooseningGood: readonly Example[] = [
  {
    ...update,
    name: 'what Docker 20.10 sends for an update of the restart policy',
    config,
    resources: {
      memory: { limit: 0, reservation: 0, swap: 0 },
      cpu: { shares: 0, quota: 0, period: 0, cpus: '', mems: '' },
    },
  },
  {
    ...update,
    name: 'the admitted resources again, as containerd repeats them',
    config,
    resources: admitted,
  },
  {
    ...update,
    name: 'less of everything',
    config,
    resources: {
      memory: { limit: mebibyte, swap: mebibyte },
      pids: { limit: 20 },
      cpu: { shares: 2, quota: 20000, cpus: '1' },
      unified: { 'pids.max': '10', 'cpu.max': '1000 100000', 'memory.max': '1M', 'cpuset.cpus': '0' },
    },
  },
  {
    ...update,
    name: 'the same share of a longer period',
    config,
    resources: { cpu: { quota: 500000, period: 1000000 } },
  },
  {
    ...update,
    name: 'a container that was limited in nothing',
    config: limitless,
    resources: {
      memory: { limit: 2 ** 40, swap: -1 },
      pids: { limit: -1 },
      cpu: { quota: -1, period: 50000, cpus: '0-63' },
      unified: { 'memory.max': 'max', 'cpu.max': 'max' },
    },
  },
  {
    ...update,
    name: 'a larger pod, where the kubelet resizes',
    config,
    ...within,
    resources: { memory: { limit: 512 * mebibyte }, cpu: { shares: 1024, quota: 100000, cpus: '0-3' } },
  },
  {
    ...update,
    name: 'a listed file',
    config,
    parameters: { 'unified-allowed': ['memory.high'] },
    resources: { unified: { 'memory.high': 'max' } },
  },
  { ...update, name: 'device rules that allow nothing', resources: { devices: [{ allow: false }] } },
]

export const updateLooseningBad: readonly BadExample<'removed' | 'raised' | 'added' | 'unseen'>[] = [
  { ...update, name: 'memory', config, resources: { memory: { limit: -1 } }, message: 'removed' },
  { ...update, name: 'swap', config, resources: { memory: { swap: -1 } }, message: 'removed' },
  { ...update, name: 'processes', config, resources: { pids: { limit: -1 } }, message: 'removed' },
  { ...update, name: 'processors', config, resources: { cpu: { quota: -1 } }, message: 'removed' },
  {
    ...update,
    name: 'processors, where limits may grow',
    config,
    ...within,
    resources: { cpu: { quota: -1 } },
    message: 'removed',
  },
  {
    ...update,
    name: 'a period alone, with which crun writes no quota',
    config,
    resources: { cpu: { period: 100000 } },
    message: 'removed',
  },
  {
    ...update,
    name: 'the file of cgroup v2, which is written last',
    config,
    ...within,
    resources: { memory: { limit: 1024 }, unified: { 'memory.max': 'max' } },
    message: 'removed',
  },
  {
    ...update,
    name: 'the quota by its file',
    config,
    resources: { unified: { 'cpu.max': 'max 100000' } },
    message: 'removed',
  },
  {
    ...update,
    name: 'docker update --pids-limit -1, by flags of the runtime',
    config,
    call: { described: true },
    resources: { pids: { limit: -1 } },
    message: 'removed',
    fixable: false,
  },
  {
    ...update,
    name: 'more memory',
    config,
    resources: { memory: { limit: 512 * mebibyte, swap: 512 * mebibyte, reservation: 65 * mebibyte } },
    message: 'raised',
  },
  { ...update, name: 'more processes', resources: { pids: { limit: 201 } }, message: 'raised' },
  {
    ...update,
    name: 'more processes by the file',
    resources: { unified: { 'pids.max': '201' } },
    message: 'raised',
  },
  {
    ...update,
    name: 'swap by its file, which counts it alone',
    config,
    resources: { unified: { 'memory.swap.max': '1' } },
    message: 'raised',
  },
  { ...update, name: 'a larger share', config, resources: { cpu: { shares: 513 } }, message: 'raised' },
  {
    ...update,
    name: 'more than the usual share of a container without one',
    resources: { cpu: { shares: 262144 } },
    message: 'raised',
  },
  {
    ...update,
    name: 'the quota of a longer period',
    config: { linux: { resources: { cpu: { quota: 500000, period: 1000000 } } } },
    resources: { cpu: { quota: 500000, period: 100000 } },
    message: 'raised',
  },
  {
    ...update,
    name: 'a shorter period, after which a quota alone is worth more',
    config,
    resources: { cpu: { quota: 25000, period: 50000 } },
    message: 'raised',
  },
  {
    ...update,
    name: 'the quota by its file, in the admitted period',
    config: { linux: { resources: { cpu: { quota: 5000, period: 10000 } } } },
    resources: { unified: { 'cpu.max': '50000' } },
    message: 'raised',
  },
  { ...update, name: 'a burst', config, resources: { cpu: { burst: 50000 } }, message: 'raised' },
  {
    ...update,
    name: 'no longer idle',
    config: { linux: { resources: { cpu: { idle: 1 } } } },
    resources: { cpu: { idle: 0 } },
    message: 'raised',
  },
  { ...update, name: 'other processors', config, resources: { cpu: { cpus: '1-2' } }, message: 'raised' },
  { ...update, name: 'other memory nodes', config, resources: { cpu: { mems: '0-1' } }, message: 'raised' },
  {
    ...update,
    name: 'every processor, by the empty file',
    config,
    resources: { unified: { 'cpuset.cpus': '' } },
    message: 'raised',
  },
  {
    ...update,
    name: 'real time',
    config,
    ...within,
    resources: { cpu: { realtimeRuntime: 950000, realtimePeriod: 1000000 } },
    message: 'added',
  },
  {
    ...update,
    name: 'a file that is not compared',
    config,
    resources: { unified: { 'memory.high': 'max', 'io.max': '8:0 rbps=max' } },
    message: 'added',
  },
  {
    ...update,
    name: 'every device',
    config,
    resources: { devices: [{ allow: true, access: 'rwm' }] },
    message: 'added',
  },
  {
    ...update,
    name: 'an admitted device, after which all others are allowed too',
    config,
    resources: { devices: [...admitted.devices, { allow: true }] },
    message: 'added',
  },
  {
    ...update,
    name: 'a container whose bundle is not found',
    config: { linux: null },
    resources: { pids: { limit: 5 } },
    message: 'unseen',
  },
]
