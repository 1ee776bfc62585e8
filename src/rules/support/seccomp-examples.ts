/** The examples of the seccomp rule: filters that hold, and each way of having one in name only. */
import type { BadExample, Example } from '../../core/rule.ts'

const allowing = (...names: readonly string[]): object => ({
  syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
})

const allowingIf = (name: string, condition: { readonly op: string; readonly value: number }): object => ({
  syscalls: [{ names: [name], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, ...condition }] }],
})

/** Filters, or good reasons to have none. */
export const goodFilters: readonly Example[] = [
  { name: 'a filter that allows what it names' },
  {
    name: 'a capability opens its calls, which the capabilities rule answers for',
    process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } },
    config: { linux: { seccomp: allowing('bpf', 'perf_event_open', 'quotactl') } },
  },
  {
    name: 'a dangerous call with one harmless argument',
    config: { linux: { seccomp: allowingIf('bpf', { op: 'SCMP_CMP_EQ', value: 1 }) } },
  },
  {
    name: 'the pause process of a pod',
    config: { linux: { seccomp: null } },
    identity: { sandbox: true, proven: true },
  },
  {
    name: 'a kernel without filters',
    config: { linux: { seccomp: null } },
    facts: { seccompSupported: false },
  },
]

/** No filter, or one that refuses too little. */
export const badFilters: readonly BadExample<'absent' | 'weak' | 'silent' | 'delegated'>[] = [
  { name: 'no filter', config: { linux: { seccomp: null } }, message: 'absent' },
  {
    name: 'no filter for what claims to be a pause process',
    config: { linux: { seccomp: null }, annotations: { 'io.kubernetes.cri.container-type': 'sandbox' } },
    message: 'absent',
  },
  {
    name: 'a filter that allows everything',
    config: { linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] } } },
    message: 'weak',
  },
  {
    name: 'a filter that only logs',
    config: { linux: { seccomp: { defaultAction: 'SCMP_ACT_LOG' } } },
    message: 'weak',
  },
  {
    name: 'a filter that asks a listener',
    config: { linux: { seccomp: { defaultAction: 'SCMP_ACT_NOTIFY', listenerPath: '/run/agent.sock' } } },
    message: 'weak',
  },
  {
    name: 'a condition that always holds',
    config: { linux: { seccomp: allowingIf('bpf', { op: 'SCMP_CMP_GE', value: 0 }) } },
    message: 'weak',
  },
  {
    name: 'a deny list that forgets the name a 32-bit architecture has',
    config: {
      linux: {
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
          syscalls: [{ names: ['settimeofday'], action: 'SCMP_ACT_ERRNO' }],
        },
      },
    },
    parameters: { dangerous: ['settimeofday'] },
    message: 'weak',
  },
  {
    name: 'a user namespace beside another flag',
    config: { linux: { seccomp: allowingIf('unshare', { op: 'SCMP_CMP_EQ', value: 0x10020000 }) } },
    parameters: { dangerous: ['unshare(CLONE_NEWUSER)'] },
    message: 'weak',
  },
  {
    name: 'refused calls that look like success',
    config: { linux: { seccomp: { defaultErrnoRet: 0 } } },
    message: 'silent',
  },
  {
    name: 'an annotation that has crun load another filter',
    config: { annotations: { 'run.oci.seccomp_bpf_data': 'BgAAAAAA/38=' } },
    message: 'delegated',
  },
  {
    name: 'an annotation that has crun hand the filter to a plug-in',
    config: { annotations: { 'run.oci.seccomp.plugins': '/tmp/plugin.so' } },
    message: 'delegated',
  },
  {
    name: 'a restore, whose filter is that of the checkpoint',
    operation: 'restore',
    config: { linux: { seccomp: null } },
    message: 'absent',
    fixable: false,
  },
]
