/** Ways round the rules on memory, processes, CPU and other limits. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'
import { withUnifiedCgroups } from './simulated.ts'

const resources = (limits: Json): Json => ({ linux: { resources: limits } })

export const memoryEvasions: Evasions['memory-limit'] = {
  'unified override': [
    {
      by: 'memory-limit',
      says: /no memory limit/,
      verdict: 'fix',
      config: resources({ unified: { 'memory.max': 'max' } }),
    },
    {
      by: 'memory-limit',
      says: /no memory limit/,
      verdict: 'fix',
      config: resources({ memory: null, unified: { 'memory.max': '9223372036854771712' } }),
    },
  ],
  'limit of 2^63-4096': [
    {
      by: 'memory-limit',
      says: /no memory limit/,
      verdict: 'fix',
      config: resources({ memory: { limit: 2 ** 63 - 4096 } }),
    },
  ],
  'annotation org.systemd.property.MemoryMax': [
    {
      by: 'memory-limit',
      says: /MemoryMax/,
      verdict: 'fix',
      config: { annotations: { 'org.systemd.property.MemoryMax': 'uint64 18446744073709551615' } },
    },
  ],
  'raise later with docker update': [
    {
      by: 'memory-limit',
      says: /no memory limit/,
      operation: 'update',
      resources: { memory: { limit: -1 } },
    },
    { by: 'memory-limit', says: /no memory limit/, operation: 'update', flags: ['--memory', '-1'] },
    {
      by: 'memory-limit',
      says: /is above 1GiB/,
      operation: 'update',
      resources: { memory: { limit: 2 ** 33 } },
      policy: 'max = "1GiB"',
    },
  ],
  '--cgroup-parent moves, does not lift': [
    {
      by: 'memory-limit',
      says: /no memory limit/,
      verdict: 'fix',
      config: { linux: { cgroupsPath: '/elsewhere/limited', resources: { memory: null } } },
    },
  ],
}

export const pidsEvasions: Evasions['pids-limit'] = {
  'docker update --pids-limit -1': [
    { by: 'pids-limit', says: /./, operation: 'update', resources: { pids: { limit: -1 } } },
    { by: 'pids-limit', says: /./, operation: 'update', flags: ['--pids-limit', '-1'] },
  ],
  'unified override': [
    { by: 'pids-limit', says: /./, verdict: 'fix', config: resources({ unified: { 'pids.max': 'max' } }) },
    { by: 'pids-limit', says: /./, operation: 'update', resources: { unified: { 'pids.max': 'max' } } },
  ],
  'org.systemd.property.TasksMax': [
    {
      by: 'pids-limit',
      says: /TasksMax/,
      verdict: 'fix',
      config: { annotations: { 'org.systemd.property.TasksMax': 'uint64 18446744073709551615' } },
    },
  ],
}

/** The harmless container with these CPU settings alone. */
const cpu = (settings: Json, more: Partial<Attempt> = {}): Attempt => ({
  by: 'cpu-shares',
  says: /priority/,
  verdict: 'fix',
  config: resources({ cpu: { shares: null, ...Object(settings) } }),
  harmless: { config: resources({ cpu: { shares: 512 } }) },
  ...more,
})

const limit = (soft: number): Json => [{ type: 'RLIMIT_NOFILE', soft, hard: soft }]

export const limitEvasions: Evasions = {
  'cpu-shares': {
    'quota -1': [
      cpu({ quota: -1, period: 100000 }),
      cpu(
        {},
        {
          verdict: 'deny',
          operation: 'update',
          config: resources({ cpu: { shares: null, quota: 50000, period: 100000 } }),
          resources: { cpu: { quota: -1 } },
        },
      ),
    ],
    'idle=0/1': [
      cpu({ idle: 0 }),
      cpu({}, { config: resources({ cpu: { idle: 1 }, unified: { 'cpu.idle': '0' } }) }),
      // What gets only what nobody else wants has its priority.
      cpu({ idle: 1 }, { verdict: 'allow' }),
      {
        by: 'update-loosening',
        says: /idle/,
        operation: 'update',
        config: resources({ cpu: { idle: 1 } }),
        resources: { cpu: { idle: 0 } },
      },
    ],
    'unified override as for memory': [
      cpu({ shares: 512 }, { config: resources({ cpu: { shares: 512 }, unified: { 'cpu.weight': '100' } }) }),
      cpu(
        {},
        {
          config: resources({ cpu: { quota: 50000, period: 100000 }, unified: { 'cpu.max': 'max 100000' } }),
        },
      ),
    ],
    realtimeRuntime: [
      cpu({ realtimeRuntime: 950000 }),
      {
        by: 'oom-score',
        says: /950000 microseconds of realtime/,
        verdict: 'fix',
        config: resources({ cpu: { realtimeRuntime: 950000 } }),
      },
    ],
  },
  ulimits: {
    'huge NOFILE via containerd.service infinity although spec is silent': [
      {
        by: 'ulimits',
        says: /4096/,
        verdict: 'fix',
        behind: 'prlimit --nofile=4096:4096',
        policy: 'nofile = 2048',
        harmless: { behind: 'prlimit --nofile=1024:1024' },
      },
      { by: 'ulimits', says: /2097152/, verdict: 'fix', config: { process: { rlimits: limit(2097152) } } },
      {
        by: 'ulimits',
        says: /2097152/,
        verdict: 'fix',
        operation: 'exec',
        process: { rlimits: limit(2097152) },
        behind: 'prlimit --nofile=4096:4096',
      },
    ],
  },
  'oom-score': {
    '--oom-score-adj -1000': [
      { by: 'oom-score', says: /-1000/, verdict: 'fix', config: { process: { oomScoreAdj: -1000 } } },
      {
        by: 'oom-score',
        says: /-1000/,
        verdict: 'fix',
        as: 'docker',
        config: { process: { oomScoreAdj: -1000 } },
      },
      { by: 'oom-score', says: /-1000/, verdict: 'fix', operation: 'exec', process: { oomScoreAdj: -1000 } },
      {
        // What the engine itself has, which a silent configuration leaves to the container.
        by: 'oom-score',
        says: /adjustment 0/,
        verdict: 'fix',
        policy: 'min = 100',
        harmless: { behind: 'choom -n 200 --' },
      },
    ],
  },
  'update-loosening': {
    'unified memory.max in update JSON': ['max', '8589934592'].map((value) => ({
      by: 'update-loosening',
      says: /memory/,
      operation: 'update',
      resources: { unified: { 'memory.max': value } },
    })),
  },
  'cgroup-parent': {
    "--cgroup-parent=/ or other tenant's slice to escape its quota": [
      ...['/', '/@id', '/tenant/@id', '/docker/../tenant/@id', '/docker/tenant/@id'].map((cgroupsPath) => ({
        by: 'cgroup-parent',
        says: /not the place of its engine/,
        as: 'docker' as const,
        config: { linux: { cgroupsPath } },
      })),
      ...['-.slice:docker:@id', 'tenant.slice:docker:@id'].map((cgroupsPath) => ({
        by: 'cgroup-parent',
        says: /not the place of its engine/,
        as: 'docker' as const,
        globals: ['--systemd-cgroup'],
        config: { linux: { cgroupsPath } },
      })),
    ],
    '--cgroupns=host + cgroup rw': [
      {
        by: 'writable-cgroups',
        says: /writable/,
        as: 'docker',
        mounts: [
          { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'rw'] },
        ],
      },
      {
        by: 'mount-namespace',
        says: /cgroup namespace of the host/,
        verdict: 'fix',
        behind: withUnifiedCgroups,
        policy: 'require-cgroup = true',
        harmless: {
          behind: withUnifiedCgroups,
          config: {
            linux: {
              namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'].map((type) => ({ type })),
            },
          },
        },
      },
    ],
    'annotation org.systemd.property.Slice=…': [
      {
        by: 'cgroup-parent',
        says: /Slice/,
        verdict: 'fix',
        config: { annotations: { 'org.systemd.property.Slice': "'tenant.slice'" } },
      },
    ],
    'hostconfig Cgroup field': [
      {
        by: 'cgroup-parent',
        says: /not named after it/,
        as: 'docker',
        config: { linux: { cgroupsPath: `/docker/${'a'.repeat(64)}` } },
        files: {
          '/var/lib/docker/containers/@id/hostconfig.json': { Cgroup: `container:${'a'.repeat(64)}` },
        },
      },
    ],
  },
}
