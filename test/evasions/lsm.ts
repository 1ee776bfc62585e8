/** Ways round the rules on AppArmor and SELinux, which the machine of the tests need not have. */
import type { Evasions, Simulated } from '../support/evasion.ts'
import { runtimeFault } from './beyond.ts'

const simulated =
  (by: string) =>
  (...examples: readonly string[]): readonly Simulated[] =>
    examples.map((simulatedHost) => ({ by, simulatedHost }))

const apparmor = simulated('apparmor-profile')
const selinux = simulated('selinux-label')

export const lsmEvasions: Evasions = {
  'apparmor-profile': {
    '--security-opt apparmor=<any loaded complain-mode or flags=(unconfined) profile> passes a name check':
      apparmor('a profile that only complains', 'a profile whose flag is unconfined'),
    'stacked/namespaced names such as a//&unconfined or :ns:prof': apparmor(
      'a stack with unconfined',
      'a profile of another policy namespace',
    ),
    'runc CVE-2025-52881/CVE-2019-19921: label write redirected, config looks right': [
      {
        by: 'rootfs-symlinks',
        says: /\/proc/,
        shell: 'ln -s /volume bundle/rootfs/proc; mkdir volume',
        mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] }],
      },
      {
        by: 'rootfs-symlinks',
        says: /\/attr/,
        shell: 'ln -s /proc/self/attr bundle/rootfs/attr',
        mounts: [{ destination: '/attr', type: 'tmpfs', source: 'tmpfs', options: [] }],
      },
      runtimeFault,
    ],
  },
  'selinux-label': {
    'label=type:spc_t or unconfined_t, container_runtime_t': selinux(
      'label=type:spc_t',
      'unconfined_t, away from the host',
      'the domain of the engine',
    ),
    "label=level:s0:c0.c1023 reaches every container's files": selinux(
      'every category',
      'every category but one',
      'a range that rises to every category',
    ),
    'label=disable': selinux('label=disable leaves the label of the mounts'),
    'a SecurityOpt that has nothing to do with labels satisfies the CIS audit': selinux(
      'no label: Docker without selinux-enabled',
    ),
  },
}
