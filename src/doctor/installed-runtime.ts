/** The executable that engines call: at a place that lasts, and nobody's to change but root's. */
import { installedRuntime } from '../installation/place.ts'
import type { Found } from './diagnosis.ts'
import { isRegistered } from './registered.ts'
import type { Scene } from './scene.ts'

/** A problem only where an engine is told of lintel at all. */
export const installed = ({ host, engines }: Scene): readonly Found[] => {
  if (!engines.some(isRegistered)) return []
  const runtime = installedRuntime(host)
  if (runtime.ok) return []
  return [
    {
      level: 'problem',
      about: 'lintel',
      message: runtime.error,
      advice: 'put it right, then lintel install for every engine that is told of the old place',
    },
  ]
}
