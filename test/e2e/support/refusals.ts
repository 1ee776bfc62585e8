/** What every engine refuses alike under the profile of the benchmark: rule, number, title. */

import type { Refusal } from './refusal.ts'

type Known = Omit<Refusal, 'found' | 'remedy'>

/** Rules by id, with what their refusals cite. */
export const refused = {
  privileged: { rule: 'privileged', cis: '5.4', title: 'Ensure that privileged containers are not used' },
  capabilities: {
    rule: 'capabilities',
    cis: '5.3',
    title: 'Ensure that Linux kernel capabilities are restricted within containers',
  },
  dockerSocket: {
    rule: 'docker-socket',
    cis: '5.31',
    title: 'Ensure that the Docker socket is not mounted inside any containers',
  },
  sensitiveMounts: {
    rule: 'sensitive-host-mounts',
    cis: '5.5',
    title: 'Ensure sensitive host system directories are not mounted on containers',
  },
  hostNetwork: {
    rule: 'host-network',
    cis: '5.9',
    title: "Ensure that the host's network namespace is not shared",
  },
  hostPid: {
    rule: 'host-pid',
    cis: '5.15',
    title: "Ensure that the host's process namespace is not shared",
  },
  hostIpc: { rule: 'host-ipc', cis: '5.16', title: "Ensure that the host's IPC namespace is not shared" },
  hostUts: { rule: 'host-uts', cis: '5.20', title: "Ensure that the host's UTS namespace is not shared" },
  mountPropagation: {
    rule: 'mount-propagation',
    cis: '5.19',
    title: 'Ensure mount propagation mode is not set to shared',
  },
  execPrivileged: {
    rule: 'exec-privileged',
    cis: '5.22',
    title: 'Ensure that commands in a running container are not given more privileges than the container',
  },
  pidsLimit: { rule: 'pids-limit', cis: '5.28', title: 'Ensure that the PIDs cgroup limit is used' },
} as const satisfies Record<string, Known>
