/** BuildKit: dockerd or buildkitd runs each build step with `run --bundle <root>/executor/ID`. */
import { buildContext, type Engine, undescribed } from './engine.ts'

/** Build steps of BuildKit, in dockerd or in buildkitd. */
export const buildkit: Engine = {
  id: 'buildkit',
  ways: { BuildKit: buildContext },
  recognise: ({ parent, bundle, containerId }) =>
    parent.program === 'dockerd' || parent.program === 'buildkitd'
      ? { proven: bundle.endsWith(`/executor/${containerId}`) }
      : undefined,
  describe: () => ({ ...undescribed, speaker: 'docker', buildStep: true, context: buildContext }),
}
