/** Requires a seccomp filter that really refuses the dangerous system calls; a weak or foreign one is replaced. */
import { normalCapability } from '../../core/capabilities.ts'
import { shownPath } from '../../core/host-paths.ts'
import type { Config } from '../../core/oci.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { defineRule, type Observation } from '../../core/rule.ts'
import { allowedCalls, dangerousCalls } from '../../core/seccomp.ts'
import { architecturesOf, defaultSeccomp, isOpenedBy } from '../../core/seccomp-default.ts'
import { badFilters, goodFilters } from '../support/seccomp-examples.ts'

export const seccomp = defineRule({
  id: 'seccomp',
  title: 'Ensure that the default seccomp profile is not disabled',
  severity: 'high',
  category: 'syscalls',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.21' },
    { benchmark: 'cis-docker-1.7.0', item: '5.22' },
    { benchmark: 'pss-baseline', item: 'seccompProfile' },
    { benchmark: 'pss-restricted', item: 'seccompProfile' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002070' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp' },
    { url: 'https://docs.docker.com/engine/security/seccomp/' },
  ],
  rationale:
    'Most ways from a container into the kernel begin with a system call that ordinary programs never make. A filter is judged by what it lets through, not by being there: one that allows by default, logs, or asks a listener refuses nothing.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    dangerous: {
      type: 'array',
      items: { type: 'string' },
      description:
        'System calls the filter must refuse unless a capability of the bounding set opens them; a flag may follow. The default is what all engines refuse. Docker and containerd also refuse keyctl, reboot, mount, umount2, move_mount, open_tree, fsopen, fsmount, mount_setattr, pivot_root, setns, unshare(CLONE_NEWUSER), clone(CLONE_NEWUSER) and clone3, newer ones io_uring_setup.',
      default: dangerousCalls,
    },
  },
  messages: {
    absent: {
      what: 'the container would run without a seccomp filter',
      why: 'Every system call of the kernel is open to it, and every bug behind one.',
      remedy: {
        docker: 'remove --security-opt seccomp=unconfined and --privileged',
        podman: 'remove --security-opt seccomp=unconfined and --privileged',
        kubernetes: 'set securityContext.seccompProfile.type: RuntimeDefault',
        ctr: 'add --seccomp',
        default: 'add linux.seccomp',
      },
    },
    weak: {
      what: 'the seccomp filter lets through {actual}',
      why: 'Ordinary programs never make these calls; attacks on the kernel do.',
      remedy: {
        docker: 'remove --security-opt seccomp=FILE, or refuse them in that file',
        podman: 'remove --security-opt seccomp=FILE, or refuse them in that file',
        kubernetes: 'use seccompProfile.type RuntimeDefault, or refuse them in the profile',
        default: 'refuse them in linux.seccomp',
      },
    },
    silent: {
      what: 'the seccomp filter reports refused system calls as done',
      why: 'A program that believes it has dropped its privileges goes on with them.',
      remedy: { default: 'give errnoRet a value that is not 0, such as 1 (EPERM)' },
    },
    delegated: {
      what: 'the annotation {actual} replaces or delegates the seccomp filter',
      why: 'crun loads what the annotation holds instead of the filter that was judged.',
      remedy: { default: 'remove the annotation {actual}' },
    },
  },
  check: ({ config, identity, facts }, { dangerous }) => {
    const delegated = delegations(config)
    const filter = config?.linux?.seccomp
    if (filter === undefined) {
      // containerd starts the pause process of a pod without one; a kernel that has no filters refuses any.
      const excused = (identity.sandbox && identity.proven) || !facts.seccompSupported
      return excused ? delegated : [...delegated, { message: 'absent', ...at('absent') }]
    }
    const silent = filter.defaultErrnoRet === 0 && filter.defaultAction === 'SCMP_ACT_ERRNO'
    const open = allowedCalls(filter, dangerous)
    const capabilities = open.length === 0 ? [] : boundingOf(config)
    const excess = open.filter((call) => !isOpenedBy(capabilities, call))
    return [
      ...delegated,
      ...(silent ? [{ message: 'silent' as const, ...at('defaultErrnoRet 0') }] : []),
      ...(excess.length === 0 ? [] : [{ message: 'weak' as const, ...at(listed(excess)) }]),
    ]
  },
  fix: (observations, { operation, config, facts }, { dangerous }) => {
    // A restored process keeps the filter of its checkpoint, whatever the file says.
    if (operation === 'restore') return []
    const removals = observations
      .filter(({ message }) => message === 'delegated')
      .map(({ pointer }): PatchOperation => ({ op: 'remove', path: pointer }))
    if (removals.length === observations.length) return removals
    const architectures = config?.linux?.seccomp?.architectures ?? architecturesOf(facts.architecture)
    const filter = defaultSeccomp(boundingOf(config), dangerous, architectures)
    return [...removals, place(config, '/linux/seccomp', filter)]
  },
  examples: { good: goodFilters, bad: badFilters },
})

/** Absent sets open nothing here; the capabilities rule answers for them. */
const boundingOf = (config: Config | undefined): readonly string[] =>
  (config?.process?.capabilities?.bounding ?? []).map(normalCapability)

/** crun(1): annotations that replace the filter, or load plug-ins and a listener for it. */
const delegations = (config: Config | undefined): readonly Observation<'delegated'>[] =>
  Object.keys(config?.annotations ?? {})
    .filter((key) => key === 'run.oci.seccomp_bpf_data' || key.startsWith('run.oci.seccomp.'))
    .map((key) => ({
      message: 'delegated',
      pointer: pointer('annotations', key),
      actual: shownPath(key),
      expected: 'no such annotation',
    }))

const at = (
  actual: string,
): { readonly pointer: string; readonly actual: string; readonly expected: string } => ({
  pointer: '/linux/seccomp',
  actual,
  expected: 'a filter that refuses dangerous system calls',
})

const listed = (calls: readonly string[]): string => {
  const more = calls.length - 6
  return calls.slice(0, 6).join(', ') + (more > 0 ? `, +${more} more` : '')
}
