/** The `runc` that containerd's shim calls where nobody told it of another. */
import type { RegistrableEngine } from '../registration/registration.ts'
import { foldersOf, isLintel, lookUp } from './programs.ts'
import type { Scene } from './scene.ts'

/** containerd puts this folder before the PATH of its shims (plugin io.containerd.internal.v1.opt). */
const optFolder = '/opt/containerd/bin'

/**
 * Its path, where it is not lintel; undefined where it is, where there is none, or where the engine is not installed.
 * The shim inherits the PATH of the containerd that starts it.
 */
export const runcOfShims = (scene: Scene, engine: RegistrableEngine): string | undefined => {
  const { host, engines, processes } = scene
  if (!engines.some(({ installation }) => installation.engine === engine)) return undefined
  const containerd = processes.find(({ name, sameRoot }) => name === 'containerd' && sameRoot)
  const runc = lookUp(host, 'runc', [optFolder, ...foldersOf(host, containerd?.pid)])
  return runc === undefined || isLintel(host, runc) ? undefined : runc
}
