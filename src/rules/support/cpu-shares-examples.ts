/** Examples of `cpu-shares`. */
import type { BadExample, Example } from '../../core/rule.ts'

export const cpuGood: readonly Example[] = [
  { name: 'shares', resources: { cpu: { shares: 512 } } },
  { name: 'what Kubernetes gives a pod that asks for nothing', resources: { cpu: { shares: 2 } } },
  { name: 'a quota, as --cpus writes it', resources: { cpu: { shares: 0, quota: 50000, period: 100000 } } },
  { name: 'a weight in the unified file', resources: { cpu: null, unified: { 'cpu.weight': '50' } } },
  { name: 'a limit in the unified file', resources: { cpu: null, unified: { 'cpu.max': '50000 100000' } } },
  { name: 'idle', resources: { cpu: { shares: null, idle: 1 } } },
  {
    name: 'processors of its own, where those count',
    resources: { cpu: { shares: null, cpus: '2-3' } },
    parameters: { 'accept-cpuset': true },
  },
  { name: 'a pause container', identity: { sandbox: true, proven: true } },
  { name: 'an update of something else', operation: 'update', resources: { memory: { limit: 1048576 } } },
  {
    name: 'an update of the restart policy, as Docker 20.10 sends it',
    operation: 'update',
    resources: { cpu: { shares: 0, quota: 0, period: 0 } },
  },
  {
    name: 'an update that lifts the quota of a container with shares',
    operation: 'update',
    config: { linux: { resources: { cpu: { shares: 512, quota: 50000 } } } },
    resources: { cpu: { quota: -1 } },
  },
]

export const cpuBad: readonly BadExample<'unset'>[] = [
  { name: 'nothing at all', resources: { cpu: null }, message: 'unset' },
  { name: 'no resources', config: { linux: { resources: null } }, message: 'unset' },
  { name: 'zero, as Docker writes it', resources: { cpu: { shares: 0 } }, message: 'unset' },
  { name: 'what the kernel gives anyway', resources: { cpu: { shares: 1024 } }, message: 'unset' },
  { name: 'a quota of minus one', resources: { cpu: { shares: null, quota: -1 } }, message: 'unset' },
  {
    name: 'shares that the unified file undoes',
    resources: { cpu: { shares: 512 }, unified: { 'cpu.weight': '100' } },
    message: 'unset',
  },
  {
    name: 'a quota that the unified file undoes',
    resources: { cpu: { shares: null, quota: 50000 }, unified: { 'cpu.max': 'max 100000' } },
    message: 'unset',
  },
  { name: 'a list of every processor', resources: { cpu: { shares: null, cpus: '0-63' } }, message: 'unset' },
  {
    name: 'a quota, where only shares count',
    resources: { cpu: { shares: null, quota: 50000 } },
    parameters: { 'accept-quota': false },
    message: 'unset',
  },
  {
    name: 'an update that lifts the quota',
    operation: 'update',
    config: { linux: { resources: { cpu: { shares: null, quota: 50000 } } } },
    resources: { cpu: { quota: -1 } },
    message: 'unset',
    fixable: false,
  },
  {
    name: 'an update back to what the kernel gives',
    operation: 'update',
    config: { linux: { resources: { cpu: { shares: 512 } } } },
    resources: { cpu: { shares: 1024 } },
    message: 'unset',
    fixable: false,
  },
]
