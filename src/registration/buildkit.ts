/** BuildKit's own daemon: buildkitd.toml, the OCI worker and the containerd worker. */
import { ok } from '../core/result.ts'
import { checkOverruling } from './command-line.ts'
import { lastOf, layersOf, placeIn, textOf } from './layered-toml.ts'
import { fromPlans, type Operation, type Planner, rendered, settingsPlan } from './operations.ts'
import type { Handler, Registration } from './registration.ts'
import { tomlText } from './toml-edit.ts'

const ociBinary = ['worker', 'oci', 'binary'] as const
const shimName = ['worker', 'containerd', 'runtime', 'name'] as const
const shimBinary = ['worker', 'containerd', 'runtime', 'options', 'BinaryName'] as const
const runcShim = 'io.containerd.runc.v2'

const planner: Planner = ({ configuration }, texts, { runtime }) => {
  const layers = layersOf(texts, [configuration])
  if (!layers.ok) return layers
  const shim = textOf(layers.value, shimName) ?? runcShim
  // Options without the name of their shim are not looked at (buildkitd's main_containerd_worker.go).
  const containerd: readonly Operation[] = [
    { kind: 'set', path: shimName, raw: rendered(runcShim) },
    { kind: 'set', path: shimBinary, raw: rendered(runtime) },
  ]
  const operations: readonly Operation[] = [
    { kind: 'set', path: ociBinary, raw: rendered(runtime) },
    ...(shim === runcShim ? containerd : []),
  ]
  return ok([settingsPlan(configuration, { format: tomlText, fresh: '' }, operations)])
}

const handlers: Registration['handlers'] = ({ configuration }, texts, { runtime }) => {
  const layers = layersOf(texts, [configuration])
  if (!layers.ok) return layers
  const worker = (name: string, path: readonly string[], isDefault: boolean): Handler => {
    const found = lastOf(layers.value, path)
    const binary = textOf(layers.value, path)
    return { name, binary, isDefault, throughLintel: binary === runtime, place: placeIn(found) }
  }
  return ok([
    worker('oci', ociBinary, true),
    { ...worker('containerd', shimBinary, false), shim: textOf(layers.value, shimName) },
  ])
}

const plans = fromPlans(planner)

/** buildkitd.toml, edited in place: BuildKit has no drop-ins; a restart makes it count. */
export const buildkitRegistration: Registration = {
  engine: 'buildkit',
  reads: ({ configuration }) => [configuration],
  ...plans,
  register: (installation, texts, wanted) => {
    const checked = checkOverruling(installation, ['--oci-worker-binary', '-oci-worker-binary'])
    return checked.ok ? plans.register(installation, texts, wanted) : checked
  },
  handlers,
}
