/** Execs within and beyond what their container was admitted with: of engines, by flags, and as someone would try. */
import { dockerCapabilities } from '../../core/capabilities.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const docker = { bounding: dockerCapabilities, effective: dockerCapabilities, permitted: dockerCapabilities }
const labelled = {
  process: { apparmorProfile: 'docker-default', selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2' },
}
const exec = { operation: 'exec' } as const
const flags = { described: true }
/** A process as the base example's container has it. */
const same = { user: { uid: 1000, gid: 1000 }, noNewPrivileges: true }

export const execPrivilegedGood: readonly Example[] = [
  {
    ...exec,
    name: 'what Docker sends for a health check',
    config: { process: { capabilities: docker, noNewPrivileges: null } },
    process: { ...same, noNewPrivileges: null, capabilities: docker },
  },
  {
    ...exec,
    name: 'what the engine repeats from the creation: for the rules that repaired it there',
    asked: {
      capabilities: docker,
      noNewPrivileges: false,
      apparmorProfile: 'unconfined',
      rlimits: [{ type: 'RLIMIT_CORE', soft: 9, hard: 9 }],
      oomScoreAdj: -500,
    },
    config: labelled,
    process: {
      capabilities: docker,
      apparmorProfile: 'unconfined',
      rlimits: [{ type: 'RLIMIT_CORE', soft: 9, hard: 9 }],
      oomScoreAdj: -500,
    },
  },
  { ...exec, name: 'sets, profile and label left to the container', config: labelled, process: same },
  {
    ...exec,
    name: 'a command in a privileged container',
    config: { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] }, apparmorProfile: 'unconfined' } },
    process: { ...same, capabilities: { bounding: ['CAP_SYS_ADMIN'] }, apparmorProfile: 'mine' },
  },
  {
    ...exec,
    name: 'ambient capabilities that Podman makes of those in use',
    config: { process: { capabilities: { bounding: ['CAP_NET_RAW'], effective: ['CAP_NET_RAW'] } } },
    process: { ...same, capabilities: { bounding: ['CAP_NET_RAW'], ambient: ['CAP_NET_RAW'] } },
  },
  {
    ...exec,
    name: 'the limits of the container, and lower ones',
    config: { process: { oomScoreAdj: 100, rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }] } },
    process: { ...same, oomScoreAdj: 0, rlimits: [{ type: 'RLIMIT_NOFILE', soft: 64, hard: 4096 }] },
  },
  {
    ...exec,
    name: 'a cgroup below that of the container, and the container itself',
    call: { cgroups: ['worker', 'cpu,memory:/a..b', '/'] },
    process: same,
  },
]

export const execPrivilegedBad: readonly BadExample<
  'capabilities' | 'ambient' | 'new-privileges' | 'confinement' | 'limits' | 'cgroup' | 'unseen'
>[] = [
  {
    ...exec,
    name: 'docker exec --privileged',
    process: { ...same, capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'] } },
    message: 'capabilities',
  },
  {
    ...exec,
    name: 'more than the engine had asked at create',
    asked: { capabilities: { bounding: ['CAP_KILL'] } },
    process: { ...same, capabilities: { bounding: ['CAP_KILL', 'bpf'] } },
    message: 'capabilities',
  },
  {
    ...exec,
    name: 'runc exec --cap',
    call: flags,
    process: { ...same, capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_ADMIN'] } },
    message: 'capabilities',
    fixable: false,
  },
  {
    ...exec,
    name: 'in the inheritable set only',
    process: { ...same, capabilities: { inheritable: ['CAP_SYS_PTRACE'] } },
    message: 'capabilities',
  },
  {
    ...exec,
    name: 'from the bounding set, which a user that is not root cannot use',
    process: { ...same, capabilities: { bounding: ['CAP_CHOWN'], ambient: ['CAP_CHOWN'] } },
    message: 'ambient',
  },
  { ...exec, name: 'the flag cleared', process: { noNewPrivileges: false }, message: 'new-privileges' },
  {
    ...exec,
    name: 'the flag cleared on the command line',
    call: flags,
    process: { ...same, noNewPrivileges: false },
    message: 'new-privileges',
    fixable: false,
  },
  {
    ...exec,
    name: 'no profile',
    config: labelled,
    process: { ...same, apparmorProfile: 'unconfined' },
    message: 'confinement',
  },
  {
    ...exec,
    name: 'another profile',
    config: labelled,
    process: { ...same, apparmorProfile: 'docker-default-complain' },
    message: 'confinement',
  },
  {
    ...exec,
    name: 'an empty profile, which crun takes for none',
    config: labelled,
    process: { ...same, apparmorProfile: '' },
    message: 'confinement',
  },
  {
    ...exec,
    name: 'the label of a privileged container',
    config: labelled,
    process: { ...same, selinuxLabel: 'system_u:system_r:spc_t:s0' },
    message: 'confinement',
  },
  {
    ...exec,
    name: 'the categories of another container',
    config: labelled,
    process: { ...same, selinuxLabel: 'system_u:system_r:container_t:s0:c3,c4' },
    message: 'confinement',
  },
  {
    ...exec,
    name: 'a higher limit',
    config: { process: { rlimits: [{ type: 'RLIMIT_NPROC', soft: 10, hard: 20 }] } },
    process: {
      ...same,
      rlimits: [
        { type: 'RLIMIT_NPROC', soft: 10, hard: 2 ** 63 },
        { type: 'RLIMIT_MEMLOCK', soft: 1, hard: 1 },
      ],
    },
    message: 'limits',
  },
  {
    ...exec,
    name: 'never to be killed for memory, and ahead of every other process',
    process: {
      ...same,
      oomScoreAdj: -1000,
      scheduler: { policy: 'SCHED_FIFO', priority: 99 },
      ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 0 },
    },
    message: 'limits',
  },
  {
    ...exec,
    name: 'the cgroup of a neighbour whose name begins alike',
    call: { cgroups: ['../4077e837-other'] },
    process: same,
    message: 'cgroup',
    fixable: false,
  },
  {
    ...exec,
    name: 'out of one controller',
    call: { cgroups: ['cpu:/worker', 'memory:..'] },
    process: same,
    message: 'cgroup',
    fixable: false,
  },
  {
    ...exec,
    name: 'a container whose bundle is not found',
    config: { process: null },
    process: same,
    message: 'unseen',
  },
]
