/** Has the cold module prove who asks, where the policy wants to know, and takes the token out of what is judged. */
import type { IdentitySettings } from '../core/identity-settings.ts'
import type { Requester } from '../core/requester.ts'
import type { Caller } from '../engines/identify.ts'
import type { Host } from '../host/host.ts'
import type { RequesterAnswer, RequesterQuestion } from '../identity/request.ts'
import { rereadSubject, type Subject } from './load.ts'

/** Who asks, and the subject as it is to be judged and written: without the token. */
export interface Asked {
  readonly requester: Requester | undefined
  readonly subject: Subject
}

/** A call as it was loaded. */
interface Call {
  readonly subject: Subject
  readonly caller: Caller
  readonly dryRun: boolean
}

/** Asks for the requester of a call; an update is asked for by nobody but the engine. */
export const askRequester = (
  host: Host,
  settings: IdentitySettings | undefined,
  { subject, caller, dryRun }: Call,
): Asked => {
  if (settings === undefined || subject.operation === 'update') return { requester: undefined, subject }
  const answer = host.callModule('identity', question(settings, { subject, caller, dryRun }), host)
  if (!isAnswer(answer)) throw new Error('the module identity gave no answer')
  const { requester, text } = answer
  return { requester, subject: text === undefined ? subject : rereadSubject(host, subject, text) }
}

const question = (settings: IdentitySettings, { subject, caller, dryRun }: Call): RequesterQuestion => {
  const { operation, containerId, document, text, target, process } = subject
  // What is not proven is not told (engines/identify.ts): no claim can equal it.
  const { name, image, namespace, pod, sandboxId } = caller.identity
  return {
    settings,
    container: { operation, id: containerId, name, image, namespace, pod, sandboxId },
    document,
    text,
    writable: target.kind === 'file',
    environment: process?.env ?? [],
    labels: caller.kept?.labels,
    created: caller.kept?.created,
    dryRun,
  }
}

const isAnswer = (value: unknown): value is RequesterAnswer => typeof value === 'object' && value !== null
