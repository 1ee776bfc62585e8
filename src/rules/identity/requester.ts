/** Requires that somebody is proven to have asked for the container, by the policy's `[identity]`. */
import { defineRule, type Observation } from '../../core/rule.ts'
import { requesterBad, requesterGood } from '../support/requester-examples.ts'

const anew = 'ask the identity service for a new token for this container'

export const requester = defineRule({
  id: 'requester',
  title: 'Ensure that whoever asks for a container is proven',
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://www.rfc-editor.org/rfc/rfc7519' },
    { url: 'https://www.rfc-editor.org/rfc/rfc8725' },
  ],
  rationale:
    'An engine runs containers for everybody who reaches its socket and tells the runtime nothing of who that was. A token signed by the identity service, for this container and a short time, says who asks and cannot be made up on the host.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    required: {
      type: 'boolean',
      description:
        'False: a container without a token passes, and only a token that proves nothing is refused.',
      default: true,
    },
  },
  messages: {
    absent: {
      what: 'nobody is proven to ask for this container: {actual}',
      why: 'Whoever reaches the engine would get it.',
      remedy: {
        docker: 'create it through the gateway, or give it --label io.lintel.token=TOKEN',
        podman: 'give it --annotation io.lintel.token=TOKEN',
        kubernetes: 'give the pod the annotation io.lintel.token, and have the runtime hand it on',
        ctr: 'give it --annotation io.lintel.token=TOKEN',
        default: 'give the configuration the annotation io.lintel.token',
      },
    },
    malformed: {
      what: 'the token cannot be read: {actual}',
      why: 'What is read in two ways proves nothing.',
      remedy: { default: 'hand on the token as the identity service gave it: a signed JWT, whole' },
    },
    algorithm: {
      what: 'the token is not signed as the policy asks: {actual}',
      why: 'Unsigned tokens, and those signed with a shared secret, can be made by anybody who is to be kept out.',
      remedy: { default: 'have the identity service sign it with its own key' },
    },
    key: {
      what: 'the token is signed with an unknown key: {actual}',
      why: 'Only keys of the policy count.',
      remedy: {
        default:
          'use the identity service of this host; after a change of keys its jwks file needs the new one',
      },
    },
    signature: {
      what: 'the token is forged or damaged: {actual}',
      why: 'Somebody changed it, or made it.',
      remedy: { default: anew },
    },
    expired: {
      what: 'the token has expired: {actual}',
      why: 'A token is for starting the container now; one kept for later may no longer be what its user is cleared for.',
      remedy: {
        default: `${anew}; a container that is to start again needs to be created anew, or readmit in the policy`,
      },
    },
    early: {
      what: 'the token is not yet valid: {actual}',
      why: 'Either it is for later, or a clock is wrong.',
      remedy: { default: 'wait, or set the clocks of host and identity service' },
    },
    issuer: {
      what: 'the token comes from elsewhere: {actual}',
      why: 'Only the policy’s issuer counts.',
      remedy: { default: anew },
    },
    audience: {
      what: 'the token is not meant for this host’s lintel: {actual}',
      why: 'A token for another service must not open this one.',
      remedy: { default: 'ask the identity service for a token with the audience that the policy names' },
    },
    'other-container': {
      what: 'the token is not for this container: {actual}',
      why: 'A token seen elsewhere must not start anything else.',
      remedy: { default: anew },
    },
    unbound: {
      what: 'the token serves for any container: {actual}',
      why: 'Who sees it once could start whatever they like.',
      remedy: {
        default:
          'have the identity service put the container’s name, image, id, or pod and namespace into it',
      },
    },
    user: {
      what: 'the user is not who the token says: {actual}',
      why: 'A container must not be booked on somebody else.',
      remedy: { default: 'give the user of the token, or leave the annotation out' },
    },
    clearance: {
      what: 'the clearance in the token cannot be read: {actual}',
      why: 'What it allows is not known.',
      remedy: { default: 'have the identity service write it as SELinux does: s0-s2:c0.c7' },
    },
    used: {
      what: 'the token admits one container: {actual}',
      why: 'Who sees a token could start its container again, with other arguments.',
      remedy: { default: anew },
    },
    exposed: {
      what: 'the token could be read in the container: {actual}',
      why: 'Who has it can ask in its user’s name.',
      remedy: { default: 'bring the token in its annotation or label only' },
    },
    unconfigured: {
      what: 'the policy does not say how requesters prove who they are',
      why: 'The rule is on, and nobody could ever pass it.',
      remedy: { default: 'ask the administrator for [identity] in /etc/lintel/policy.toml' },
    },
    unknown: {
      what: 'who asks is known only on the host',
      why: 'Tokens are verified where the container is made.',
      remedy: { default: 'create it on the host' },
    },
  },
  check: ({ requester: asking, identity, facts }, { required }) => {
    // A pause container runs nothing; what runs in its pod is asked for by itself.
    if (identity.sandbox) return []
    if (asking === undefined) return [facts.onHost ? unconfigured : unseen]
    return asking.problems
      .filter(({ kind }) => required || kind !== 'absent')
      .map(({ kind, detail }) => ({
        message: kind,
        pointer: '/annotations',
        actual: detail,
        expected: 'a proven requester',
      }))
  },
  examples: { good: requesterGood, bad: requesterBad },
})

const unconfigured: Observation<'unconfigured'> = {
  message: 'unconfigured',
  pointer: '',
  actual: 'no [identity]',
  expected: 'a proven requester',
}

const unseen: Observation<'unknown'> = {
  message: 'unknown',
  pointer: '',
  actual: 'not on the host',
  expected: 'a proven requester',
  unknown: true,
}
