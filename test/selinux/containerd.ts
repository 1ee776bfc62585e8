/** Cases of containerd's CRI with enable_selinux. */
import type { Scene } from './labels.ts'
import { podCases } from './pods.ts'

/** There are no plug-ins its domain may run: pods are on the host's network. */
export const containerdCases = (scene: Scene): Promise<void> =>
  podCases(scene, { engine: 'CRI', port: scene.guest.ports.containerd, network: 'NODE' })
