/** Examples of `memory-limit`. */
import type { BadExample, Example } from '../../core/rule.ts'

const GiB = 1024 ** 3
const largest = 2 ** 63 - 4096
const swapToo = { 'require-swap-limit': true }

export const memoryGood: readonly Example[] = [
  { name: 'a limit', resources: { memory: { limit: GiB } } },
  {
    name: 'a limit below the memory of the host',
    resources: { memory: { limit: GiB } },
    facts: { memoryTotal: 2 * GiB },
  },
  {
    name: 'a limit in the unified file',
    resources: { memory: null, unified: { 'memory.max': '1073741824' } },
  },
  { name: 'a sandbox', resources: { memory: null }, identity: { sandbox: true, proven: true } },
  { name: 'up to the maximum', resources: { memory: { limit: GiB } }, parameters: { max: '1GiB' } },
  { name: 'swap limited', resources: { memory: { limit: GiB, swap: GiB } }, parameters: swapToo },
  { name: 'no swap', resources: { unified: { 'memory.swap.max': '0' } }, parameters: swapToo },
  {
    name: 'an update of something else, as Docker sends it',
    operation: 'update',
    resources: { memory: { limit: 0, reservation: 0 }, cpu: { shares: 0, quota: 0, period: 0 } },
    parameters: swapToo,
  },
  {
    name: 'an update that repeats, or lowers, what was admitted by exemption',
    operation: 'update',
    config: { linux: { resources: { memory: { limit: 9 * GiB } } } },
    resources: { memory: { limit: 8 * GiB } },
    parameters: { max: '4GiB' },
  },
  { name: 'an update that names no memory', operation: 'update', resources: { cpu: { shares: 10 } } },
  {
    name: 'an update to another limit',
    operation: 'update',
    resources: { memory: { limit: GiB, swap: GiB } },
  },
]

export const memoryBad: readonly BadExample<'unlimited' | 'excessive' | 'swap' | 'overridden'>[] = [
  { name: 'no memory block', resources: { memory: null }, message: 'unlimited' },
  { name: 'no resources', config: { linux: { resources: null } }, message: 'unlimited' },
  { name: 'zero', resources: { memory: { limit: 0 } }, message: 'unlimited' },
  { name: 'minus one', resources: { memory: { limit: -1, swap: -1 } }, message: 'unlimited' },
  { name: 'the largest number', resources: { memory: { limit: largest } }, message: 'unlimited' },
  {
    name: 'all the host has',
    resources: { memory: { limit: 2 * GiB } },
    facts: { memoryTotal: 2 * GiB },
    message: 'unlimited',
  },
  {
    name: 'a limit that the unified file undoes',
    resources: { unified: { 'memory.max': 'max' } },
    message: 'unlimited',
  },
  {
    name: 'a unified file with a unit',
    resources: { unified: { 'memory.max': '4096T' } },
    message: 'unlimited',
  },
  {
    name: 'a unified file nobody can read',
    resources: { unified: { 'memory.max': '0x' } },
    message: 'unlimited',
  },
  {
    name: 'a container that says it is a sandbox',
    resources: { memory: null },
    config: { annotations: { 'io.kubernetes.cri.container-type': 'sandbox' } },
    message: 'unlimited',
  },
  {
    name: 'above the maximum',
    resources: { memory: { limit: 2 * GiB } },
    parameters: { max: '1GiB' },
    message: 'excessive',
  },
  {
    name: 'above the maximum by the unified file',
    resources: { unified: { 'memory.max': '2147483648' } },
    parameters: { max: '1GiB' },
    message: 'excessive',
  },
  {
    name: 'no limit, and a maximum below the default',
    resources: { memory: null },
    parameters: { max: '64MiB' },
    message: 'unlimited',
  },
  { name: 'swap without limit', resources: { memory: { swap: -1 } }, parameters: swapToo, message: 'swap' },
  { name: 'swap not named', parameters: swapToo, message: 'swap' },
  {
    name: 'swap by the unified file',
    resources: { memory: { swap: GiB }, unified: { 'memory.swap.max': 'max' } },
    parameters: swapToo,
    message: 'swap',
  },
  {
    name: 'a systemd property',
    config: { annotations: { 'org.systemd.property.MemoryMax': 'uint64 18446744073709551615' } },
    message: 'overridden',
  },
  {
    name: 'a systemd property and no limit',
    config: { annotations: { 'org.systemd.property.MemoryMax': "'infinity'" } },
    resources: { memory: null },
    message: 'overridden',
  },
  {
    name: 'an update that lifts it',
    operation: 'update',
    resources: { memory: { limit: -1, swap: -1 } },
    message: 'unlimited',
    fixable: false,
  },
  {
    name: 'an update by the unified file',
    operation: 'update',
    resources: { unified: { 'memory.max': 'max' } },
    message: 'unlimited',
    fixable: false,
  },
  {
    name: 'an update to all the host has',
    operation: 'update',
    resources: { memory: { limit: 2 * GiB } },
    facts: { memoryTotal: GiB },
    message: 'unlimited',
    fixable: false,
  },
  {
    name: 'an update above the maximum',
    operation: 'update',
    resources: { memory: { limit: 2 * GiB } },
    parameters: { max: '1GiB' },
    message: 'excessive',
    fixable: false,
  },
  {
    name: 'an update that lifts swap',
    operation: 'update',
    config: { linux: { resources: { memory: { limit: GiB, swap: GiB } } } },
    resources: { memory: { limit: GiB, swap: -1 } },
    parameters: swapToo,
    message: 'swap',
    fixable: false,
  },
]
