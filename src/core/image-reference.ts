/** Image references as people write them: `[registry/]name[:tag][@digest]` (distribution/reference). */

export interface ImageReference {
  readonly name: string
  readonly tag: string | undefined
  /** Only what fixes the content: a whole sha256 or sha512. */
  readonly digest: string | undefined
}

/** The parts of a reference. A colon before the last slash belongs to the registry's port. */
export const parseImageReference = (text: string): ImageReference => {
  const [place = '', digest = ''] = text.split('@')
  const colon = place.indexOf(':', place.lastIndexOf('/') + 1)
  const tag = colon < 0 ? '' : place.slice(colon + 1)
  return {
    name: colon < 0 ? place : place.slice(0, colon),
    tag: tag === '' ? undefined : tag,
    digest: wholeDigest.test(digest) ? digest : undefined,
  }
}

const wholeDigest = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** True for an image's id, whole or the twelve or more digits people copy: it names content, not an image. */
export const isImageId = (text: string): boolean => /^(?:sha256:)?[0-9a-f]{12,64}$/.test(text)
