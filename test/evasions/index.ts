/** All of them, by the catalogue's rules. */
import type { Evasions } from '../support/evasion.ts'
import { deviceEvasions } from './devices.ts'
import { enginePortEvasions } from './engine-port.ts'
import { engineToldEvasions } from './engine-told.ts'
import { execEvasions, startsAsRoot } from './exec.ts'
import { imageEvasions } from './images.ts'
import { kernelEvasions } from './kernel.ts'
import { lsmEvasions } from './lsm.ts'
import { propagationEvasions, rootEvasions, sensitiveMountEvasions, socketEvasions } from './mounts.ts'
import { namespaceEvasions } from './namespaces.ts'
import {
  capabilityEvasions,
  newPrivilegesEvasions,
  privilegedEvasions,
  seccompEvasions,
} from './privilege.ts'
import { limitEvasions, memoryEvasions, pidsEvasions } from './resources.ts'
import { callEvasions, secretEvasions } from './runtime-calls.ts'

export const evasions: Evasions = {
  ...lsmEvasions,
  capabilities: capabilityEvasions,
  privileged: privilegedEvasions,
  'sensitive-host-mounts': sensitiveMountEvasions,
  'memory-limit': memoryEvasions,
  'readonly-rootfs': rootEvasions,
  ...engineToldEvasions,
  ...enginePortEvasions,
  ...namespaceEvasions,
  ...deviceEvasions,
  ...limitEvasions,
  'mount-propagation': propagationEvasions,
  seccomp: seccompEvasions,
  'no-new-privileges': { ...newPrivilegesEvasions, ...startsAsRoot },
  'pids-limit': pidsEvasions,
  'docker-socket': socketEvasions,
  ...execEvasions,
  ...kernelEvasions,
  ...callEvasions,
  ...secretEvasions,
  ...imageEvasions,
}
