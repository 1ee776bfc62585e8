/** What pods are refused alike on every engine with CRI: what a container asks for, and the sentence about it. */

import type { ContainerOptions } from './cri-containerd.ts'
import type { Refusal } from './refusal.ts'
import { refused } from './refusals.ts'

/** A container with this path of the host at /x. */
export const withHostPath = (path: string): ContainerOptions => ({
  mounts: [{ containerPath: '/x', hostPath: path }],
})

/** `capabilities.add: [SYS_ADMIN]`. */
export const capabilityRefusal: Refusal = {
  ...refused.capabilities,
  found: /would hold CAP_SYS_ADMIN beyond/,
  remedy: 'take these out of securityContext.capabilities.add',
}

/** `hostPath: /etc`, at /x. */
export const hostPathRefusal: Refusal = {
  ...refused.sensitiveMounts,
  found: /host path \/etc at \/x/,
  remedy: 'replace the hostPath volume by an emptyDir',
}

/** Rows for test.each; `socket`: where the engine is controlled from. */
export const podRefusals = (
  socket: string,
): readonly (readonly [what: string, options: ContainerOptions, refusal: Refusal])[] => [
  [
    'privileged: true',
    { securityContext: { privileged: true } },
    {
      ...refused.privileged,
      found: /as good as privileged: all capabilities, every device allowed/,
      remedy: 'set securityContext.privileged: false',
    },
  ],
  [
    'capabilities.add',
    { securityContext: { capabilities: { addCapabilities: ['SYS_ADMIN'] } } },
    capabilityRefusal,
  ],
  ['hostPath /etc', withHostPath('/etc'), hostPathRefusal],
  [
    'hostPath of the socket of the engine',
    withHostPath(socket),
    {
      ...refused.dockerSocket,
      found: new RegExp(`the control socket ${socket.replaceAll('.', '\\.')} at /x`),
      remedy: 'leave out that hostPath volume',
    },
  ],
]
