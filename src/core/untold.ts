/** What a rule says where the engine's files do not tell what it asks: unknown, never a pass. */
import type { Told } from './engine-context.ts'
import type { Message, Observation } from './rule.ts'

/** The observation for a fact that is unknown; none where it is known or the question makes no sense. */
export const untold = (fact: Told<unknown>): readonly Observation<'untold'>[] =>
  fact.status === 'unknown'
    ? [{ message: 'untold', pointer: '', actual: fact.reason, expected: 'known', unknown: true }]
    : []

/** The words for it; `subject` fits "… is not known". */
export const untoldMessage = (subject: string): Message => ({
  what: `${subject} is not known: {actual}`,
  why: 'The configuration does not hold it; only the engine has it.',
  remedy: {
    docker: 'look with docker inspect',
    podman: 'look with podman inspect',
    kubernetes: 'look at the pod with kubectl get pod -o yaml',
    default: 'ask the engine that created the container',
  },
})
