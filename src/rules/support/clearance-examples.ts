/** Examples of the rules that hold a container's level against a clearance. */
import type { BadExample, Example } from '../../core/rule.ts'
import { labelled, nobody, proven } from './requester-examples.ts'

export const clearanceGood: readonly Example[] = [
  { name: 'a level within', ...labelled('s1:c3'), requester: proven('alice', 's0-s2:c0.c7') },
  { name: 'the very range', ...labelled('s0-s2:c0.c7'), requester: proven('alice', 's0-s2:c0.c7') },
  { name: 'nobody is proven: another rule', ...labelled('s3'), requester: nobody('absent') },
  { name: 'a policy that asks for nobody', ...labelled('s3') },
  {
    name: 'a pause container',
    ...labelled('s3'),
    requester: proven('alice', 's0'),
    identity: { sandbox: true, proven: true, engine: 'containerd' },
  },
]

export const clearanceBad: readonly BadExample<'beyond' | 'uncleared' | 'unlabelled'>[] = [
  {
    name: 'a higher sensitivity',
    message: 'beyond',
    ...labelled('s3:c1'),
    requester: proven('alice', 's0-s2:c0.c7'),
  },
  {
    name: 'a category of others',
    message: 'beyond',
    ...labelled('s1:c3,c8'),
    requester: proven('a', 's0-s2:c0.c7'),
  },
  {
    name: 'below the lowest level',
    message: 'beyond',
    ...labelled('s0'),
    requester: proven('alice', 's1-s2'),
  },
  {
    name: 'a range whose upper end is beyond',
    message: 'beyond',
    ...labelled('s0-s3'),
    requester: proven('alice', 's0-s2:c0.c7'),
  },
  {
    name: 'cleared for nothing',
    message: 'uncleared',
    ...labelled('s0'),
    requester: proven('mallory', undefined),
  },
  { name: 'no label', message: 'unlabelled', requester: proven('alice', 's0') },
  {
    name: 'a label without a level',
    message: 'unlabelled',
    process: { selinuxLabel: 'system_u:system_r:container_t' },
    requester: proven('alice', 's0'),
  },
  {
    name: 'a label put in by --lsm-profile of restore',
    operation: 'restore',
    message: 'beyond',
    ...labelled('s0'),
    call: { lsmProfile: 'selinux:system_u:system_r:container_t:s5' },
    requester: proven('alice', 's0'),
  },
]

const inside = (level: string): Pick<Example, 'config'> => ({ config: labelled(level) })

export const execClearanceGood: readonly Example[] = [
  {
    name: 'cleared for the container',
    operation: 'exec',
    ...inside('s1:c3'),
    requester: proven('alice', 's0-s2:c0.c7'),
  },
  { name: 'nobody is proven: another rule', operation: 'exec', ...inside('s3'), requester: nobody('absent') },
]

export const execClearanceBad: readonly BadExample<'below' | 'unlabelled'>[] = [
  {
    name: 'a container above the clearance',
    operation: 'exec',
    message: 'below',
    ...inside('s3'),
    requester: proven('alice', 's0-s2:c0.c7'),
  },
  {
    name: 'a category of others',
    operation: 'exec',
    message: 'below',
    ...inside('s0:c9'),
    requester: proven('alice', 's0-s2:c0.c7'),
  },
  {
    name: 'cleared for nothing',
    operation: 'exec',
    message: 'below',
    ...inside('s0'),
    requester: proven('mallory', undefined),
  },
  { name: 'no label', operation: 'exec', message: 'unlabelled', requester: proven('alice', 's0') },
]
